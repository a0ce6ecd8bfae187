// What has been run with which of a scenario's seeds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace outrider::simulations {

// `Run` has a member `seed`.
template <typename Run>
bool has_seed(const std::vector<Run>& runs, std::uint64_t seed) {
  return std::ranges::find(runs, seed, &Run::seed) != runs.end();
}

// Puts a run among the others, in the order of the scenario's seeds.
template <typename Run>
void insert_in_order(std::vector<Run>& runs, Run run, const std::vector<std::uint64_t>& seeds) {
  const auto place = [&](const Run& of) { return std::ranges::find(seeds, of.seed); };
  const auto before = std::ranges::find_if(runs, [&](const Run& of) { return place(of) > place(run); });
  runs.insert(before, std::move(run));
}

}  // namespace outrider::simulations
