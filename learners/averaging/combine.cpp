#include "learners/averaging/combine.h"

#include <array>
#include <cassert>

#include "learners/averaging/blocks.h"

namespace outrider::averaging {
namespace {

void mean_of_block(std::span<const Vote> votes, std::size_t begin, std::size_t end, Combined& result) {
  std::array<double, kBlock> weights{};
  for (const Vote& vote : votes)
    for (std::size_t i = begin; i < end; ++i) {
      if (!vote.holds(i)) continue;
      result.values[i] += vote.weight * vote.at(i);
      weights[i - begin] += vote.weight;
    }
  for (std::size_t i = begin; i < end; ++i) {
    if (weights[i - begin] == 0) continue;
    result.values[i] /= weights[i - begin];
    result.known[i] = 1;
  }
}

// Of sorted values, at least one.
double median_of(std::span<const double> values) {
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double trimmed_mean_of(std::span<const double> values, double share) {
  const auto cut = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  double sum = 0;
  for (const double value : values.subspan(cut, values.size() - 2 * cut)) sum += value;
  return sum / static_cast<double>(values.size() - 2 * cut);
}

// pick(values of all who hold the weight, sorted) at every weight.
template <typename Pick>
Combined combine_sorted(std::span<const Vote> votes, std::size_t size, int threads, const Pick& pick) {
  Combined result{std::vector<double>(size), std::vector<std::uint8_t>(size)};
  std::vector<double> room(votes.size() * block_count(size));
  for_each_block(size, threads, [&](std::size_t number, std::size_t begin, std::size_t end) {
    const auto sorted = std::span(room).subspan(number * votes.size(), votes.size());
    for (std::size_t i = begin; i < end; ++i) {
      std::size_t count = 0;
      for (const Vote& vote : votes)
        if (vote.holds(i)) sorted[count++] = vote.at(i);
      if (count == 0) continue;
      std::ranges::sort(sorted.first(count));
      result.values[i] = pick(sorted.first(count));
      result.known[i] = 1;
    }
  });
  return result;
}

Combined combine_mean(std::span<const Vote> votes, std::size_t size, int threads) {
  Combined result{std::vector<double>(size), std::vector<std::uint8_t>(size)};
  for_each_block(size, threads,
                 [&](std::size_t, std::size_t begin, std::size_t end) { mean_of_block(votes, begin, end, result); });
  return result;
}

}  // namespace

Combined combine(std::span<const Vote> votes, std::size_t size, const Combination& how, int threads) {
  for ([[maybe_unused]] const Vote& vote : votes) assert(vote.values.size() == size && vote.weight > 0);
  if (std::holds_alternative<Median>(how)) return combine_sorted(votes, size, threads, median_of);
  if (const auto* trimmed = std::get_if<TrimmedMean>(&how))
    return combine_sorted(votes, size, threads,
                          [&](std::span<const double> values) { return trimmed_mean_of(values, trimmed->share); });
  return combine_mean(votes, size, threads);
}

}  // namespace outrider::averaging
