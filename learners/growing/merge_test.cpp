#include "learners/growing/merge.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_clients.h"
#include "learners/growing/crossing.h"
#include "learners/growing/mixture_wire.h"
#include "learners/growing/test_growth.h"

namespace outrider::growing {
namespace {

using testing::HasSubstr;

const ClientId kAggregator = ClientId::from_public_key(bytes_of("the aggregator"));

// An aggregator reduced to what a merge needs: contributions on record, the latest of each client and topic.
class Bench {
 public:
  explicit Bench(const GrowingTask& task) : task_(task) { restart(1); }

  // What is on record, put in an order that the seed decides.
  void restart(std::uint64_t seed) {
    merge_ = GrowingFamily().make_merge();
    EXPECT_EQ(merge_->open_space(task_.id(), task_.encode()), std::nullopt);
    std::vector<Contribution> all;
    for (const auto& [from, contribution] : record_) all.push_back(contribution);
    Random random(seed, "order");
    random.shuffle(std::span(all));
    for (const Contribution& contribution : all) merge_->put(contribution);
    step();
  }

  std::optional<std::string> contribute(unsigned client, std::string_view subject, Bytes payload) {
    const Contribution contribution{shuffled_client(client), {}, {}, topic(subject), std::move(payload)};
    if (auto reason = merge_->objection(contribution)) return reason;
    put(contribution);
    step();
    return std::nullopt;
  }
  std::optional<std::string> contribute_small(unsigned client, std::uint64_t seed) {
    return contribute(client, kSmallSubject, encode_mixture(random_mixture(task_.small, seed)));
  }
  Crossing crossing(std::uint64_t seed, std::uint64_t samples) const {
    return Crossing::of(random_mixture(task_.grown_form(), seed), growth().event.id(), samples);
  }
  void withdraw(unsigned client, std::string_view subject) {
    merge_->erase(shuffled_client(client), topic(subject));
    record_.erase({shuffled_client(client), topic(subject)});
    step();
  }

  Bytes merged(std::string_view subject) const { return merge_->merged(topic(subject)); }
  GrowthRecord growth() const { return GrowthRecord::decode(merged(kGrowthSubject), task_); }
  const std::vector<std::string>& notices() const { return notices_; }
  const Merge& merge() const { return *merge_; }
  Topic topic(std::string_view subject) const { return {std::string(kGrowingKind), task_.id(), std::string(subject)}; }

 private:
  void step() {
    for (auto own_contributions = merge_->step(task_.id(), {}, Instant{}); !own_contributions.empty();
         own_contributions = merge_->step(task_.id(), {}, Instant{}))
      for (const OwnContribution& own_contribution : own_contributions) {
        notices_.push_back(own_contribution.notice);
        const Contribution said{kAggregator, {}, {}, own_contribution.topic, own_contribution.payload};
        EXPECT_EQ(merge_->objection(said), std::nullopt);
        put(said);
      }
  }
  void put(const Contribution& contribution) {
    merge_->put(contribution);
    record_.insert_or_assign({contribution.client, contribution.topic}, contribution);
  }

  GrowingTask task_;
  std::map<std::pair<ClientId, Topic>, Contribution> record_;
  std::unique_ptr<Merge> merge_;
  std::vector<std::string> notices_;
};

TEST(GrowingMerge, NothingGrowsBeforeAllPartsAreThere) {
  Bench bench(test_growing_task(3));
  EXPECT_EQ(bench.contribute_small(4, 1), std::nullopt);
  EXPECT_EQ(bench.contribute_small(2, 2), std::nullopt);
  EXPECT_EQ(bench.contribute_small(2, 3), std::nullopt);  // the same client again
  EXPECT_TRUE(bench.merged(kGrowthSubject).empty());
  EXPECT_TRUE(bench.merged(kSmallSubject).empty());
  EXPECT_EQ(bench.contribute_small(0, 4), std::nullopt);
  const GrowthRecord growth = bench.growth();
  const auto& task = test_growing_task(3);
  for (std::size_t i = 0; i < 3; ++i) {
    const unsigned client = growth.clients[i] == shuffled_client(4)   ? 1
                            : growth.clients[i] == shuffled_client(2) ? 3
                                                                      : 4;
    EXPECT_EQ(growth.parts[i], random_mixture(task.small, client));
  }
  EXPECT_TRUE(std::ranges::is_sorted(growth.clients));
  ASSERT_EQ(bench.notices().size(), 1U);
  EXPECT_THAT(bench.notices()[0], HasSubstr("3 clients grow into one"));
}

TEST(GrowingMerge, TheGrowthStaysWhateverBecomesOfTheSmallNetworks) {
  Bench bench(test_growing_task());
  bench.contribute_small(0, 1);
  bench.contribute_small(1, 2);
  const Bytes growth = bench.merged(kGrowthSubject);
  EXPECT_EQ(bench.contribute_small(0, 7), std::nullopt);
  EXPECT_EQ(bench.contribute_small(2, 8), std::nullopt);  // too late to be a part
  bench.withdraw(1, kSmallSubject);
  EXPECT_EQ(bench.merged(kGrowthSubject), growth);
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    bench.restart(seed);
    EXPECT_EQ(bench.merged(kGrowthSubject), growth);
  }
  EXPECT_EQ(bench.notices().size(), 1U);
}

TEST(GrowingMerge, CrossingsAreAMeanInWhateverOrderTheyCame) {
  Bench bench(test_growing_task());
  bench.contribute_small(0, 1);
  bench.contribute_small(1, 2);
  EXPECT_TRUE(bench.merged(kCrossingSubject).empty());
  const GrowingTask task = test_growing_task();
  const std::vector<unsigned> clients{1, 3, 5};
  std::map<ClientId, Crossing> expected;
  for (const unsigned client : clients) {
    const Crossing crossing = bench.crossing(client, client);
    expected.emplace(shuffled_client(client), crossing);
    EXPECT_EQ(bench.contribute(client, kCrossingSubject, crossing.encode()), std::nullopt);
    EXPECT_LE(crossing.encode().size(), most_mixture_bytes(task.grown_form()));
  }
  std::vector<Crossing> in_order;
  for (const auto& [client, crossing] : expected) in_order.push_back(crossing);
  const Bytes mean = mean_crossing(in_order).encode();
  EXPECT_EQ(bench.merged(kCrossingSubject), mean);
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    bench.restart(seed);
    EXPECT_EQ(bench.merged(kCrossingSubject), mean);
  }
  bench.contribute(3, kCrossingSubject, bench.crossing(99, 2).encode());  // replaced
  EXPECT_NE(bench.merged(kCrossingSubject), mean);
  bench.contribute(3, kCrossingSubject, bench.crossing(3, 3).encode());
  EXPECT_EQ(bench.merged(kCrossingSubject), mean);
  bench.contribute(9, kCrossingSubject, bench.crossing(9, 1).encode());
  bench.withdraw(9, kCrossingSubject);
  EXPECT_EQ(bench.merged(kCrossingSubject), mean);
  for (const unsigned client : clients) bench.withdraw(client, kCrossingSubject);
  EXPECT_TRUE(bench.merged(kCrossingSubject).empty());
}

TEST(GrowingMerge, RefusesWhatDoesNotFit) {
  Bench bench(test_growing_task());
  EXPECT_THAT(*bench.contribute(1, kSmallSubject, {1, 2, 3}),
              HasSubstr("the small network of client " + shuffled_client(1).brief()));
  EXPECT_THAT(*bench.contribute(1, kSmallSubject, encode_mixture(random_mixture(residual_form(), 1))),
              HasSubstr("the small network"));
  EXPECT_THAT(*bench.contribute(1, "other", {1}), HasSubstr("'other'"));
  const Crossing early = Crossing::of(random_mixture(test_growing_task().grown_form(), 1), {}, 1);
  EXPECT_THAT(*bench.contribute(1, kCrossingSubject, early.encode()), HasSubstr("another growth"));
  bench.contribute_small(0, 1);
  bench.contribute_small(1, 2);
  EXPECT_THAT(*bench.contribute(1, kCrossingSubject, early.encode()), HasSubstr("another growth"));
  EXPECT_THAT(*bench.contribute(1, kCrossingSubject, {0, 0, 0, 0, 0, 0, 0, 0}), HasSubstr("the crossing of client"));
  Contribution elsewhere{shuffled_client(1), {}, {}, bench.topic(kSmallSubject), {1}};
  elsewhere.topic.space = Digest::of(bytes_of("another"));
  EXPECT_THAT(*bench.merge().objection(elsewhere), HasSubstr("not known"));
  EXPECT_THAT(*GrowingFamily().make_merge()->open_space(Digest::of(Bytes{1}), Bytes{1}), HasSubstr("task"));
}

double accuracy_of(const GrowingTask& task, const MixtureNetwork& network, const Dataset& pictures) {
  nn::InferencePlan plan(layout_of(network.form).network, network.weights(), 1);
  std::vector<float> inputs(pictures.pixels.size());
  preprocess(pictures.pixels, pixel_values(task.preprocessing), inputs);
  std::vector<float> logits(pictures.size() * task.classes.size());
  plan.forward(inputs, logits);
  return static_cast<double>(nn::count_correct(logits, pictures.labels)) / static_cast<double>(pictures.size());
}

// Neither client has all classes, nor has the one who trains the crossings.
TEST(GrowingTogether, TwoClientsKnowWhatNeitherKnewAlone) {
  const GrowingTask task = test_growing_task();
  const Dataset test = test_task(1, 30, 9);
  std::vector<Dataset> pictures{averaging::without_class(test_task(1, 20, 0), 2),
                                averaging::without_class(test_task(1, 20, 1), 0)};
  Bench bench(task);
  for (unsigned client = 0; client < 2; ++client) {
    MixtureTraining training;
    training.work = task.alone;
    training.seed = task.seed;
    training.client = shuffled_client(client);
    const MixtureNetwork small = train_mixture(MixtureNetwork::initial(task.small, client), task.preprocessing,
                                               task.classes, pictures[client], training)
                                     .network;
    EXPECT_LT(accuracy_of(task, small, test), 0.7);
    EXPECT_EQ(bench.contribute(client, kSmallSubject, encode_mixture(small)), std::nullopt);
  }
  const GrowthRecord growth = bench.growth();
  MixtureTraining training;
  training.work = task.crossing;
  training.pieces = kCrossingPieces;
  const TrainedMixture trained = train_mixture(growth.grown(), task.preprocessing, task.classes, pictures[0], training);
  EXPECT_EQ(train_mixture(growth.grown(), task.preprocessing, task.classes, pictures[0], training).network,
            trained.network);
  bench.contribute(0, kCrossingSubject, Crossing::of(trained.network, growth.event.id(), 40).encode());
  const Crossing merged = Crossing::decode(bench.merged(kCrossingSubject), task.grown_form());
  const MixtureNetwork known = with_crossing(growth.grown(), merged);
  EXPECT_EQ(known, trained.network);
  EXPECT_GT(accuracy_of(task, known, test), 0.9);
}

}  // namespace
}  // namespace outrider::growing
