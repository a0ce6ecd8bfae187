#include "learners/nn/top_selection.h"

#include <algorithm>
#include <cassert>
#include <functional>

namespace outrider::nn {
namespace {

constexpr std::size_t kSelectParallel = 1u << 16;  // fewer are quicker on one thread
constexpr std::size_t kScoreBlock = 32;            // looked at together: most hold nothing near the threshold
constexpr std::uint32_t kBeyond = 1u << 31;        // above every magnitude
constexpr std::uint32_t kNarrowest = 1u << 12;     // first look to either side of the last threshold

std::size_t count_at_least(std::span<const float> scores, std::uint32_t bound) {
  constexpr std::int64_t kChunk = 4096;
  if (bound >= kBeyond) return 0;
  const float* const values = scores.data();
  const auto size = static_cast<std::int64_t>(scores.size());
  const auto least = static_cast<std::int32_t>(bound);  // magnitudes have no sign bit
  std::int64_t total = 0;
#pragma omp parallel for reduction(+ : total) if (scores.size() >= kSelectParallel) schedule(static)
  for (std::int64_t begin = 0; begin < size; begin += kChunk) {
    const std::int64_t end = std::min(begin + kChunk, size);
    std::int32_t found = 0;
    for (std::int64_t i = begin; i < end; ++i)
      found += static_cast<std::int32_t>(magnitude_bits(values[i])) >= least ? 1 : 0;
    total += found;
  }
  return static_cast<std::size_t>(total);
}

// The threshold lies in [low, high).
struct Bracket {
  std::uint32_t low = 0;
  std::uint32_t high = kBeyond;
  std::size_t at_least_low = 0;   // at least as many as are wanted
  std::size_t at_least_high = 0;  // fewer than are wanted

  std::size_t inside() const { return at_least_low - at_least_high; }

  void narrow(std::span<const float> scores, std::uint32_t bound, std::size_t wanted) {
    const std::size_t found = count_at_least(scores, bound);
    if (found >= wanted) {
      low = bound;
      at_least_low = found;
    } else {
      high = bound;
      at_least_high = found;
    }
  }

  // Where the threshold would be if the counts fell evenly; kept off the ends, so that the bracket always shrinks.
  std::uint32_t guess(std::size_t wanted) const {
    const double share = static_cast<double>(at_least_low - wanted) / static_cast<double>(inside());
    const double offset = std::clamp(share, 0.05, 0.95) * static_cast<double>(high - low);
    return std::clamp(low + static_cast<std::uint32_t>(offset), low + 1, high - 1);
  }
};

// Both sides of where the threshold was, further and further out until it lies between.
void start_from(Bracket& bracket, std::span<const float> scores, std::size_t wanted, std::uint32_t last,
                std::uint32_t moved) {
  std::uint64_t reach = std::max(moved, kNarrowest);
  for (; bracket.low == 0 && reach < last; reach *= 4) {
    bracket.narrow(scores, last - static_cast<std::uint32_t>(reach), wanted);
  }
  reach = std::max(moved, kNarrowest);
  for (; bracket.high == kBeyond && last + reach < kBeyond; reach *= 4) {
    const auto bound = static_cast<std::uint32_t>(last + reach);
    if (bound > bracket.low) bracket.narrow(scores, bound, wanted);
  }
}

bool any_inside(std::span<const float> block, const Bracket& bracket) {
  std::uint32_t found = 0;
  for (const float value : block)
    found |= static_cast<std::uint32_t>(magnitude_bits(value) - bracket.low < bracket.high - bracket.low);
  return found != 0;
}

void gather(std::span<const float> scores, const Bracket& bracket, std::vector<std::uint32_t>& inside) {
  inside.clear();
  inside.reserve(bracket.inside());
  for (std::size_t begin = 0; begin < scores.size(); begin += kScoreBlock) {
    const auto block = scores.subspan(begin, std::min(kScoreBlock, scores.size() - begin));
    if (!any_inside(block, bracket)) continue;
    for (const float value : block)
      if (const std::uint32_t bits = magnitude_bits(value); bits >= bracket.low && bits < bracket.high)
        inside.push_back(bits);
  }
  assert(inside.size() == bracket.inside());
}

}  // namespace

TopSelector::Threshold TopSelector::threshold(std::span<const float> scores) {
  assert(count_ >= 1 && scores.size() >= count_);
  Bracket bracket;
  bracket.at_least_low = scores.size();
  if (last_ != 0) start_from(bracket, scores, count_, last_, moved_);
  const std::size_t few = std::max<std::size_t>(scores.size() / 256, 64);
  while (bracket.inside() > few && bracket.high - bracket.low > 1)
    bracket.narrow(scores, bracket.guess(count_), count_);
  gather(scores, bracket, near_);
  const std::size_t wanted = count_ - bracket.at_least_high;
  const auto last = near_.begin() + static_cast<std::ptrdiff_t>(wanted) - 1;
  std::nth_element(near_.begin(), last, near_.end(), std::greater<>());
  Threshold found;
  found.bits = *last;
  const auto larger = std::ranges::count_if(near_, [&](std::uint32_t bits) { return bits > found.bits; });
  found.ties = wanted - static_cast<std::size_t>(larger);
  found.all_ties = found.ties == static_cast<std::size_t>(std::ranges::count(near_, found.bits));
  moved_ = std::max(found.bits, last_) - std::min(found.bits, last_);
  last_ = found.bits;
  return found;
}

}  // namespace outrider::nn
