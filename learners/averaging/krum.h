// Krum and multi-Krum (Blanchard et al. 2017): which updates lie among others. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace outrider::averaging {

// Values, and what they are multiplied by.
struct Scaled {
  std::span<const float> values;
  double factor = 1;
};

// The sum of (a - b)^2 over values of equal number. Sums in double, block by block: the same bits for every number of
// threads.
double squared_distance(const Scaled& a, const Scaled& b, int threads);

// The indices of the `chosen` updates with the smallest scores, rising; of equal scores the first. A score is the sum
// of the squared distances to the nearest n - byzantine - 2 others. `distances`: n x n. Throws InputError when n is
// less than 2 byzantine + 3 or than `chosen`.
std::vector<std::size_t> choose_krum(std::span<const double> distances, std::size_t n, std::uint32_t byzantine,
                                     std::uint32_t chosen);

}  // namespace outrider::averaging
