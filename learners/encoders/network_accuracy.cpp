#include "learners/encoders/network_accuracy.h"

#include <array>

#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/nn/plan.h"

namespace outrider {

double network_accuracy(const nn::NetworkSpec& network, const nn::Parameters& parameters,
                        const Preprocessing& preprocessing, const Dataset& pictures, int threads) {
  if (pictures.size() == 0) return 0;
  nn::InferencePlan plan(network, parameters, threads);
  const std::array<float, 256> values = pixel_values(preprocessing);
  std::vector<float> logits(pictures.size() * plan.output_size());
  plan.forward(
      pictures.size(),
      [&](std::size_t index, std::span<float> input) { preprocess(pictures.image(index), values, input); }, logits);
  return static_cast<double>(nn::count_correct(logits, pictures.labels)) / static_cast<double>(pictures.size());
}

}  // namespace outrider
