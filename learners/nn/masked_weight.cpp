#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/derived_weights.h"
#include "learners/nn/threads.h"

namespace outrider::nn {
namespace {

constexpr std::size_t kMaskParallel = 1u << 14;  // tensors below this are quicker on one thread

// As bits, which the processor does for several at once. What is not kept becomes +0.
float kept_if(bool kept, float value) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & (0U - static_cast<std::uint32_t>(kept)));
}

// value times the sign of the score.
float with_sign_of(float score, float value) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^
                              (std::bit_cast<std::uint32_t>(score) & 0x80000000U));
}

// From plain order to the order of a layout, padding becomes zero; and back.
template <typename Value>
std::vector<Value> arranged(std::span<const Value> plain, std::span<const std::uint32_t> order) {
  std::vector<Value> values(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != kPadding) values[i] = plain[order[i]];
  return values;
}
template <typename Value>
std::vector<Value> plain_of(std::span<const Value> values, std::span<const std::uint32_t> order, std::size_t size) {
  if (order.empty()) return {values.begin(), values.end()};
  std::vector<Value> plain(size);
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != kPadding) plain[order[i]] = values[i];
  return plain;
}

}  // namespace

std::size_t kept_count(double density, std::size_t size) {
  if (!(density > 0 && density <= 1))
    throw InputError(fmt::format("the density of a mask is {}; expected more than 0 and at most 1", density));
  const auto wanted = static_cast<std::size_t>(std::ceil(density * static_cast<double>(size)));
  return std::clamp<std::size_t>(wanted, 1, size);
}

void select_top(std::span<const float> scores, std::size_t count, std::span<std::uint8_t> mask) {
  assert(scores.size() == mask.size());
  const ThreadScope alone(1);  // not worth waking others
  const TopSelector::Threshold threshold = TopSelector(count).threshold(scores);
  std::size_t ties = threshold.ties;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::uint32_t own = magnitude_bits(scores[i]);
    const bool tie = own == threshold.bits && ties > 0;
    if (tie) --ties;
    mask[i] = own > threshold.bits || tie ? 1 : 0;
  }
}

MaskedWeight::MaskedWeight(TensorSpec spec, std::vector<float> weights, std::vector<float> scores, std::size_t count)
    : spec_(std::move(spec)),
      weights_(std::move(weights)),
      scores_(std::move(scores)),
      selector_(count),
      gradient_(weights_.size()) {
  if (weights_.size() != spec_.size() || scores_.size() != spec_.size())
    throw InputError(fmt::format("tensor {} has {} values; {} weights and {} scores are given", spec_.name,
                                 spec_.size(), weights_.size(), scores_.size()));
  assert(count >= 1 && count <= spec_.size());
}

void MaskedWeight::arrange(std::span<const std::uint32_t> order) {
  const std::vector<float> plain_weights = weights();
  const std::vector<float> plain_scores = scores();
  const std::vector<std::uint8_t> learning = plain_of<std::uint8_t>(learning_, order_, spec_.size());
  const std::vector<std::uint8_t> held = plain_of<std::uint8_t>(held_, order_, spec_.size());
  order_.assign(order.begin(), order.end());
  weights_ = arranged<float>(plain_weights, order);
  scores_ = arranged<float>(plain_scores, order);
  if (!held_.empty()) {
    held_ = arranged<std::uint8_t>(held, order);
    learning_ = arranged<std::uint8_t>(learning, order);
  }
  gradient_.assign(order.size(), 0.0F);
}

void MaskedWeight::learn_weights(std::span<const std::uint8_t> free) {
  assert(free.size() == spec_.size());
  const std::vector<std::uint8_t> plain = mask();
  std::vector<std::uint8_t> learning(plain.size());
  std::ranges::transform(plain, free, learning.begin(), [](auto kept, auto open) { return kept & open; });
  held_ = order_.empty() ? plain : arranged<std::uint8_t>(plain, order_);
  learning_ = order_.empty() ? learning : arranged<std::uint8_t>(learning, order_);
}

void MaskedWeight::compute(std::span<float> effective) {
  assert(effective.size() == weights_.size());
  if (!held_.empty()) return apply(held_, effective);
  const TopSelector::Threshold threshold = selector_.threshold(scores_);
  if (!threshold.all_ties || threshold.bits == 0) {  // which of the equal ones are kept depends on their plain order
    const std::vector<std::uint8_t> plain = mask();
    return apply(order_.empty() ? plain : arranged<std::uint8_t>(plain, order_), effective);
  }
  const auto least = static_cast<std::int32_t>(threshold.bits);
  const std::size_t size = weights_.size();
  const float* const scores = scores_.data();
  const float* const weights = weights_.data();
  float* const result = effective.data();
#pragma omp parallel for simd if (size >= kMaskParallel) schedule(static)
  for (std::size_t i = 0; i < size; ++i)
    result[i] = kept_if(static_cast<std::int32_t>(magnitude_bits(scores[i])) >= least, weights[i]);
}

void MaskedWeight::apply(std::span<const std::uint8_t> mask, std::span<float> effective) const {
  const std::size_t size = weights_.size();
  const std::uint8_t* const kept = mask.data();
  const float* const weights = weights_.data();
  float* const result = effective.data();
#pragma omp parallel for simd if (size >= kMaskParallel) schedule(static)
  for (std::size_t i = 0; i < size; ++i) result[i] = kept_if(kept[i] != 0, weights[i]);
}

void MaskedWeight::start_gradients() {
  started_ = true;
}

void MaskedWeight::pull_back(std::span<const float> gradient) {
  assert(gradient.size() == weights_.size());
  const bool first = std::exchange(started_, false);
  const std::size_t size = weights_.size();
  const float* const slope = gradient.data();
  const float* const scores = scores_.data();
  const float* const weights = weights_.data();
  const std::uint8_t* const learning = learning_.data();
  float* const result = gradient_.data();
  if (held_.empty() && first) {
#pragma omp parallel for simd if (size >= kMaskParallel) schedule(static)
    for (std::size_t i = 0; i < size; ++i) result[i] = slope[i] * with_sign_of(scores[i], weights[i]);
  } else if (held_.empty()) {
#pragma omp parallel for simd if (size >= kMaskParallel) schedule(static)
    for (std::size_t i = 0; i < size; ++i) result[i] += slope[i] * with_sign_of(scores[i], weights[i]);
  } else if (first) {
#pragma omp parallel for simd if (size >= kMaskParallel) schedule(static)
    for (std::size_t i = 0; i < size; ++i) result[i] = kept_if(learning[i] != 0, slope[i]);
  } else {
#pragma omp parallel for simd if (size >= kMaskParallel) schedule(static)
    for (std::size_t i = 0; i < size; ++i) result[i] += kept_if(learning[i] != 0, slope[i]);
  }
}

std::vector<Trainable> MaskedWeight::trainables() {
  return {{spec_, held_.empty() ? scores_ : weights_, gradient_}};
}

std::vector<std::uint8_t> MaskedWeight::mask() const {
  if (!held_.empty()) return plain_of<std::uint8_t>(held_, order_, spec_.size());
  const std::vector<float> plain = scores();
  std::vector<std::uint8_t> mask(plain.size());
  select_top(plain, selector_.count(), mask);
  return mask;
}
std::vector<float> MaskedWeight::weights() const {
  return plain_of<float>(weights_, order_, spec_.size());
}
std::vector<float> MaskedWeight::scores() const {
  return plain_of<float>(scores_, order_, spec_.size());
}

}  // namespace outrider::nn
