// The linear assignment problem: shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987), O(n^3).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace outrider::surgery {

// For each row of the n x n costs its column, each column once, such that the sum of the costs is smallest. Asserts
// that there are n x n costs and that they are finite.
std::vector<std::uint32_t> minimum_assignment(std::span<const double> costs, std::size_t n);

}  // namespace outrider::surgery
