// Selecting the largest scores, again and again while they change a little.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace outrider::nn {

// The magnitude of a score as a number that orders as magnitudes do; NaNs, which would break the order of floats, are
// largest.
constexpr std::uint32_t magnitude_bits(float score) {
  return std::bit_cast<std::uint32_t>(score) & 0x7FFFFFFFU;
}

// Where the `count` scores that are largest in magnitude end. Counting passes narrow the place down, beginning where it
// was the last time; what is left is selected among. No call looks at more than it must, and none sorts.
class TopSelector {
 public:
  // count >= 1.
  explicit TopSelector(std::size_t count) : count_(count) {}

  struct Threshold {
    std::uint32_t bits = 0;  // of the last of them
    std::size_t ties = 0;    // how many scores of exactly this magnitude are among them
    bool all_ties = true;    // and that those are all there are: then "at least `bits`" is the selection
  };
  // Does not depend on earlier calls. scores.size() >= count. Allocates only while its room grows.
  Threshold threshold(std::span<const float> scores);

  std::size_t count() const { return count_; }

 private:
  std::size_t count_;
  std::uint32_t last_ = 0;   // 0: none yet
  std::uint32_t moved_ = 0;  // how far it was from the one before
  std::vector<std::uint32_t> near_;
};

}  // namespace outrider::nn
