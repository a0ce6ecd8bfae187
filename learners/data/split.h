// Selecting pictures, and dividing a data set among clients.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/random.h"

namespace outrider {

// The pictures at `indices` in that order; classes and group names stay whole, so labels mean the same. Indices are
// below data.size() and may repeat.
Dataset select(const Dataset& data, std::span<const std::size_t> indices);

// For each class (group) the indices of its pictures, ascending. indices_by_group throws InputError without groups.
std::vector<std::vector<std::size_t>> indices_by_class(const Dataset& data);
std::vector<std::vector<std::size_t>> indices_by_group(const Dataset& data);

// `count` of the indices at random (0, or as many as there are: all), ascending if they were. Which ones depends on the
// state of `random` alone.
std::vector<std::size_t> draw(std::vector<std::size_t> indices, std::size_t count, Random random);

// At most `most` pictures of each class (0: all) at random, in the order of the data set; keyed by seed and purpose.
Dataset draw_of_each_class(const Dataset& data, std::size_t most, std::uint64_t seed, std::string_view purpose);

// For each client the indices of its pictures, ascending. Every picture goes to exactly one client.
using Partition = std::vector<std::vector<std::size_t>>;

// The partitions are pure functions of their arguments. They throw InputError when there are no clients, a parameter is
// out of its range, or there are fewer pictures than clients (shards).

// Equal shares (they differ by one at most) of one random order.
Partition partition_iid(const Dataset& data, std::size_t clients, std::uint64_t seed);

// Label skew: each class is divided in proportions from a symmetric Dirichlet(alpha), alpha > 0 (Yurochkin et al. 2019,
// Hsu et al. 2019). The smaller alpha, the fewer classes a client sees; a client may get no picture at all.
Partition partition_dirichlet(const Dataset& data, std::size_t clients, double alpha, std::uint64_t seed);

// Label skew: the pictures, sorted by class, are cut into clients x shards_per_client equal shards, which are dealt at
// random (McMahan et al. 2017, with two shards a client).
Partition partition_shards(const Dataset& data, std::size_t clients, std::size_t shards_per_client, std::uint64_t seed);

// Quantity skew: shares of one random order in proportions from a symmetric Dirichlet(alpha), alpha > 0 (Li et al.
// 2022). A client may get no picture at all.
Partition partition_quantity(const Dataset& data, std::size_t clients, double alpha, std::uint64_t seed);

// Whole authors: group g, the g-th of a random order of the non-empty groups, goes to client g modulo `clients`.
Partition partition_by_group(const Dataset& data, std::size_t clients, std::uint64_t seed);

}  // namespace outrider
