// Random numbers that depend on their key and index alone: Philox 4x32-10 (Salmon et al. 2011, "Parallel random
// numbers: as easy as 1, 2, 3"). Two runs with one seed draw the same numbers whatever the threads or the order.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace outrider {

// A stream of random numbers, keyed by (seed, client, round, purpose). Copying it copies its position.
class Random {
 public:
  using result_type = std::uint32_t;

  explicit Random(std::uint64_t seed, std::string_view purpose = {}, std::uint64_t client = 0, std::uint64_t round = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  // Uniform in [0, 1) with 24 bits.
  float uniform();
  // Uniform in [0, bound), without bias; bound > 0.
  std::uint32_t below(std::uint32_t bound);
  // Standard normal.
  float normal();

  // In-place Fisher-Yates.
  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[below(static_cast<std::uint32_t>(i))]);
  }

 private:
  void refill();

  std::array<std::uint32_t, 2> key_{};
  std::array<std::uint32_t, 4> counter_{};
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
};

}  // namespace outrider
