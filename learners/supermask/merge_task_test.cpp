#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "learners/supermask/merge.h"
#include "learners/supermask/random_records.h"

namespace outrider {
namespace {

using Records = std::vector<std::pair<ClientId, TaskRecord>>;

Records random_records(Random& random, unsigned clients, bool all_values) {
  Records records;
  for (unsigned i = 0; i < clients; ++i) {
    const RandomRecord options{.density = 0.05 + 0.9 * static_cast<double>(random.uniform()),
                               .values = all_values || random.below(2) == 0,
                               .ranks = random.below(3) != 0};
    records.emplace_back(numbered_client(i), random_record(random, small_base(), options));
  }
  return records;
}

// The header's sentences, weight by weight.
struct MergeReference {
  explicit MergeReference(const Records& all) : records(all) {}

  const Records& records;
  const std::vector<std::vector<float>> base_values = small_base().weight_values();

  static std::size_t place_in_mask(const LayerMask& layer, std::size_t weight) {
    return static_cast<std::size_t>(
        std::count(layer.kept.begin(), layer.kept.begin() + static_cast<std::ptrdiff_t>(weight), 1));
  }

  std::set<std::size_t> kept(std::size_t layer) const {
    std::vector<std::tuple<int, int, std::size_t>> order;  // votes against, ranks, position
    std::size_t most = 0;
    for (std::size_t i = 0; i < base_values[layer].size(); ++i) {
      int votes = 0;
      int ranks = 0;
      for (const auto& [client, record] : records) {
        const LayerMask& mask = record.layers[layer];
        votes += mask.kept[i];
        ranks += mask.kept[i] == 1 && !mask.ranks.empty() ? mask.ranks[place_in_mask(mask, i)] : 15;
        most = std::max(most, mask.count());
      }
      order.emplace_back(-votes, ranks, i);
    }
    std::sort(order.begin(), order.end());
    std::set<std::size_t> chosen;
    for (std::size_t i = 0; i < most; ++i) chosen.insert(std::get<2>(order[i]));
    return chosen;
  }

  double value(std::size_t layer, std::size_t weight) const {
    long double sum = 0;
    long double examples = 0;
    for (const auto& [client, record] : records) {
      const LayerMask& mask = record.layers[layer];
      if (mask.kept[weight] == 0) continue;
      const float said_value =
          mask.values.empty() ? base_values[layer][weight] : mask.values[place_in_mask(mask, weight)];
      sum += static_cast<long double>(record.examples) * static_cast<long double>(said_value);
      examples += static_cast<long double>(record.examples);
    }
    return static_cast<double>(sum / examples);
  }

  // E[x] and E[x^2] - E[x]^2 of the mixture of the clients' distributions; channel of three.
  std::pair<double, double> moments(std::size_t channel) const {
    long double examples = 0;
    long double first = 0;
    long double second = 0;
    for (const auto& [client, record] : records) {
      const auto n = static_cast<long double>(record.examples);
      const auto mean = static_cast<long double>(record.statistics[channel]);
      examples += n;
      first += n * mean;
      second += n * (static_cast<long double>(record.statistics[3 + channel]) + mean * mean);
    }
    first /= examples;
    return {static_cast<double>(first), static_cast<double>(second / examples - first * first)};
  }
};

void expect_near_relative(double found, double expected, double scale) {
  EXPECT_NEAR(found, expected, 1e-6 * std::max(std::abs(expected), scale));
}

TEST(MergeTask, IsTheVoteAndTheWeightedMeans) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed, "test");
    const Records records = random_records(random, 2 + random.below(5), seed % 2 == 0);
    const TaskRecord merged = merge_task(small_base(), records);
    merged.check(small_base(), "the merged task");
    const MergeReference reference(records);
    const bool values =
        std::any_of(records.begin(), records.end(), [](const auto& one) { return one.second.has_values(); });
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const auto kept = reference.kept(layer);
      ASSERT_EQ(merged.layers[layer].values.size(), values ? kept.size() : 0);
      EXPECT_TRUE(merged.layers[layer].ranks.empty());
      std::size_t at = 0;
      for (std::size_t i = 0; i < merged.layers[layer].kept.size(); ++i) {
        ASSERT_EQ(merged.layers[layer].kept[i] == 1, kept.contains(i)) << seed << " " << layer << " " << i;
        if (kept.contains(i) && values)
          expect_near_relative(static_cast<double>(merged.layers[layer].values[at++]), reference.value(layer, i), 0);
      }
    }
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const auto [mean, variance] = reference.moments(channel);
      expect_near_relative(static_cast<double>(merged.statistics[channel]), mean, 0);
      expect_near_relative(static_cast<double>(merged.statistics[3 + channel]), variance, 1e-9 * mean * mean);
    }
  }
}

TEST(MergeTask, CountsExamplesAndTakesTheLeastPlace) {
  Random random(1, "test");
  Records records = random_records(random, 3, true);
  records[0].second.place = 5;
  records[1].second.place = 3;
  records[2].second.place = 4;
  for (auto& [client, record] : records) record.examples = 10;
  EXPECT_EQ(merge_task(small_base(), records).place, 3U);
  EXPECT_EQ(merge_task(small_base(), records).examples, 30U);
  EXPECT_EQ(merge_task(small_base(), records).classes, records[0].second.classes);
  records[1].second.examples = std::numeric_limits<std::uint64_t>::max() - 5;
  EXPECT_EQ(merge_task(small_base(), records).examples, std::numeric_limits<std::uint64_t>::max());
}

TEST(MergeTask, OfOneOrOfEqualRecordsIsTheRecordWithoutRanks) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed, "test");
    TaskRecord record = random_record(random, small_base());
    record.layers[0].values[0] = -0.0F;
    const TaskRecord alone = merge_task(small_base(), {{numbered_client(1), record}});
    EXPECT_EQ(alone.encode(), unranked(record).encode());
    TaskRecord twice = merge_task(small_base(), {{numbered_client(1), record}, {numbered_client(2), record}});
    EXPECT_EQ(twice.examples, 2 * record.examples);
    twice.examples = record.examples;
    EXPECT_EQ(twice, unranked(record));
  }
}

TEST(MergeTask, DoesNotDependOnTheOrderOfTheClients) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed, "test");
    Records records = random_records(random, 6, seed % 2 == 0);
    const Bytes merged = merge_task(small_base(), records).encode();
    random.shuffle(std::span(records));
    ASSERT_EQ(merge_task(small_base(), records).encode(), merged);
  }
}

TEST(MergeTask, HasNoValuesWhereNobodyTrainedAny) {
  Random random(2, "test");
  Records records = random_records(random, 2, true);
  for (auto& [client, record] : records)
    for (LayerMask& layer : record.layers) layer.values.clear();
  EXPECT_FALSE(merge_task(small_base(), records).has_values());
}

TEST(MergeTask, SurvivesTheLargestRecordsThatAreAccepted) {
  Random random(3, "test");
  Records records = random_records(random, 3, true);
  constexpr float kMost = std::numeric_limits<float>::max();
  for (auto& [client, record] : records) {
    const float sign = client == numbered_client(0) ? -1.0F : 1.0F;
    record.examples = std::numeric_limits<std::uint64_t>::max();
    for (LayerMask& layer : record.layers) std::fill(layer.values.begin(), layer.values.end(), sign * kMost);
    record.statistics = {sign * kMost, kMost, 0, kMost, kMost, kMost};
  }
  const TaskRecord merged = merge_task(small_base(), records);
  merged.check(small_base(), "the merged task");
  EXPECT_EQ(merged.statistics[3], kMost);
  EXPECT_EQ(merged.statistics[1], kMost);
}

}  // namespace
}  // namespace outrider
