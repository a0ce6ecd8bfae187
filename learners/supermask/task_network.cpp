#include "learners/supermask/task_network.h"

#include <algorithm>
#include <cassert>

#include "learners/encoders/embedder.h"

namespace outrider {
namespace {

nn::Parameters nothing(const nn::NetworkSpec& network) {
  return nn::Parameters::initial(network, 0);
}

}  // namespace

TaskNetwork::TaskNetwork(BaseNetwork base, int threads)
    : base_(std::move(base)),
      base_values_(base_.weight_values()),
      values_(pixel_values(base_.preprocessing)),
      plan_(base_.network, nothing(base_.network), threads) {}

void TaskNetwork::use(const TaskRecord& record) {
  plan_.load(masked_parameters(base_, base_values_, record));
  classes_ = record.classes.size();
}

std::vector<float> TaskNetwork::logits(const Dataset& pictures) {
  assert(classes_ > 0 && pictures.shape == base_.preprocessing.input);
  std::vector<float> logits(pictures.size() * base_.outputs());
  plan_.forward(
      pictures.size(),
      [&](std::size_t index, std::span<float> input) { preprocess(pictures.image(index), values_, input); }, logits);
  return logits;
}

double TaskNetwork::accuracy(const Dataset& pictures) {
  const std::vector<float> all = logits(pictures);
  const std::size_t outputs = base_.outputs();
  std::size_t correct = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * outputs);
    const auto largest = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes_));
    if (static_cast<std::uint32_t>(largest - begin) == pictures.labels[i]) ++correct;
  }
  return pictures.size() == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(pictures.size());
}

}  // namespace outrider
