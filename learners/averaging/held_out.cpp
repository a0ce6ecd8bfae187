#include "learners/averaging/held_out.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "knowledge/digest.h"
#include "knowledge/error.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/plan.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {
namespace {

// From 0 to 1, as good as random, and the same for the same picture.
double place_of(std::span<const std::uint8_t> pixels) {
  const Digest digest = Digest::of(ByteView(pixels.data(), pixels.size()));
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8U | digest.bytes[static_cast<std::size_t>(i)];
  return number / 4294967296.0;
}

// Of logits that may be anything.
double loss_of(std::span<const float> logits, std::uint32_t label) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  const double loss = std::log(sum) + largest - logits[label];
  return std::isfinite(loss) ? std::clamp(loss, 0.0, Score::kMostLoss) : Score::kMostLoss;
}

}  // namespace

HeldOut hold_out(const Dataset& pictures, double share) {
  HeldOut split{pictures, pictures};
  for (Dataset* part : {&split.training, &split.held_out}) {
    part->pixels.clear();
    part->labels.clear();
    part->groups.clear();
  }
  std::vector<std::size_t> all(pictures.classes.size());
  std::vector<std::size_t> held(pictures.classes.size());
  std::vector<std::uint8_t> apart(pictures.size());
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    ++all[pictures.labels[i]];
    apart[i] = place_of(pictures.image(i)) < share ? 1 : 0;
    held[pictures.labels[i]] += apart[i];
  }
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::uint32_t label = pictures.labels[i];
    const bool goes = apart[i] != 0 && all[label] >= HeldOut::kLeastPictures && held[label] < all[label];
    Dataset& part = goes ? split.held_out : split.training;
    const auto image = pictures.image(i);
    part.pixels.insert(part.pixels.end(), image.begin(), image.end());
    part.labels.push_back(label);
  }
  return split;
}

Score score_of(const LearningTask& task, const nn::Parameters& weights, double width, std::uint64_t round,
               const Dataset& pictures, int threads) {
  Score score{round, 1, pictures.size(), 0, 0};
  if (pictures.size() == 0) return Score{round, 0, 0, 0, 0};
  nn::InferencePlan plan(surgery::narrow_network(task.network, width), weights, threads);
  const auto values = pixel_values(task.preprocessing);
  std::vector<float> logits(pictures.size() * plan.output_size());
  plan.forward(
      pictures.size(),
      [&](std::size_t index, std::span<float> input) { preprocess(pictures.image(index), values, input); }, logits);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto of_picture = std::span<const float>(logits).subspan(i * plan.output_size(), plan.output_size());
    const auto found = std::ranges::find(task.classes, pictures.classes.at(pictures.labels[i]));
    require(found != task.classes.end(), "a held-out picture is of a class that the task does not have");
    const auto label = static_cast<std::uint32_t>(found - task.classes.begin());
    score.correct += static_cast<std::uint32_t>(std::ranges::max_element(of_picture) - of_picture.begin()) == label;
    score.loss_sum += loss_of(of_picture, label);
  }
  return score;
}

}  // namespace outrider::averaging
