#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/derived_weights.h"

namespace outrider::nn {
namespace {

// Orders as magnitudes do; also NaNs, which would break the order of floats.
std::uint32_t magnitude(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU;
}

}  // namespace

void select_top(std::span<const float> scores, double density, std::span<std::uint8_t> mask) {
  assert(scores.size() == mask.size() && density > 0 && density <= 1);
  if (scores.empty()) return;
  const auto wanted = std::ceil(density * static_cast<double>(scores.size()));
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, scores.size());
  std::vector<std::uint32_t> magnitudes(scores.size());
  std::ranges::transform(scores, magnitudes.begin(), magnitude);
  const auto last = magnitudes.begin() + static_cast<std::ptrdiff_t>(count) - 1;
  std::nth_element(magnitudes.begin(), last, magnitudes.end(), std::greater<>());
  const std::uint32_t threshold = *last;
  const auto above = static_cast<std::size_t>(std::ranges::count_if(magnitudes, [=](auto m) { return m > threshold; }));
  std::size_t ties = count - above;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::uint32_t own = magnitude(scores[i]);
    const bool tie = own == threshold && ties > 0;
    if (tie) --ties;
    mask[i] = own > threshold || tie ? 1 : 0;
  }
}

MaskedWeight::MaskedWeight(TensorSpec spec, std::vector<float> weights, std::vector<float> scores, double density)
    : spec_(std::move(spec)),
      weights_(std::move(weights)),
      scores_(std::move(scores)),
      density_(density),
      mask_(weights_.size()),
      gradient_(weights_.size()) {
  if (weights_.size() != spec_.size() || scores_.size() != spec_.size())
    throw InputError(fmt::format("tensor {} has {} values; {} weights and {} scores are given", spec_.name,
                                 spec_.size(), weights_.size(), scores_.size()));
  if (!(density > 0 && density <= 1))
    throw InputError(fmt::format("the density of a mask is {}; expected more than 0 and at most 1", density));
  select_top(scores_, density_, mask_);
}

void MaskedWeight::learn_weights(std::span<const std::uint8_t> free) {
  assert(free.size() == weights_.size());
  select_top(scores_, density_, mask_);
  free_.assign(free.begin(), free.end());
}

void MaskedWeight::compute(std::span<float> effective) {
  assert(effective.size() == weights_.size());
  if (free_.empty()) select_top(scores_, density_, mask_);
  for (std::size_t i = 0; i < effective.size(); ++i) effective[i] = mask_[i] != 0 ? weights_[i] : 0.0F;
}

void MaskedWeight::start_gradients() {
  std::ranges::fill(gradient_, 0.0F);
}

void MaskedWeight::pull_back(std::span<const float> gradient) {
  assert(gradient.size() == weights_.size());
  if (free_.empty()) {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient_[i] += gradient[i] * (std::signbit(scores_[i]) ? -weights_[i] : weights_[i]);
  } else {
    for (std::size_t i = 0; i < gradient.size(); ++i)
      if ((mask_[i] & free_[i]) != 0) gradient_[i] += gradient[i];
  }
}

std::vector<Trainable> MaskedWeight::trainables() {
  return {{spec_, free_.empty() ? scores_ : weights_, gradient_}};
}

}  // namespace outrider::nn
