#include "simulations/experiment/run_options.h"

#include <charconv>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

constexpr std::uint64_t kMostSeeds = 10'000'000;

}  // namespace

std::vector<std::uint64_t> wanted_seeds(const SimulateOptions& options) {
  if (options.seed && !options.seeds.empty()) throw InputError("--seed and --seeds exclude each other");
  if (options.seed) return {*options.seed};
  if (options.seeds.empty()) return {};
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const char* end = options.seeds.data() + options.seeds.size();
  const auto [middle, wrong] = std::from_chars(options.seeds.data(), end, first);
  const bool dots = wrong == std::errc{} && end - middle > 2 && middle[0] == '.' && middle[1] == '.';
  const auto [rest, mistake] = std::from_chars(dots ? middle + 2 : end, end, last);
  if (!dots || mistake != std::errc{} || rest != end || last < first || last - first >= kMostSeeds)
    throw InputError(fmt::format("--seeds must be FIRST..LAST, for example 1..1000, at most {} of them, not '{}'",
                                 kMostSeeds, options.seeds));
  std::vector<std::uint64_t> seeds(last - first + 1);
  std::iota(seeds.begin(), seeds.end(), first);
  return seeds;
}

}  // namespace outrider::simulations
