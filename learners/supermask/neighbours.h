// k nearest neighbours. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace outrider {

// Points of one dimension, row after row, each with its class.
struct LabelledPoints {
  std::span<const float> values;  // labels.size() x dimension
  std::span<const std::uint32_t> labels;
};

// The class of most of the `neighbours` points nearest to each query by Euclidean distance (all points where there are
// fewer). Of equally distant points the first is nearer; of equally frequent classes the one with the nearest point
// wins. At least one point and one neighbour. Costs queries x points x dimension.
std::vector<std::uint32_t> classes_of_neighbours(const LabelledPoints& points, std::span<const float> queries,
                                                 std::size_t neighbours);

}  // namespace outrider
