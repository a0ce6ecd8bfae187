// Each promise of a family must be seen to be broken: a test keeps it and breaks it by hand, through the ledger.
#include "simulations/world/family_promises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/core/decision.h"
#include "client/families/growing/known_growth.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/update_wire.h"
#include "learners/growing/growth_record.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "learners/supermask/merge.h"
#include "simulations/world/ledger.h"
#include "storage/memory_store.h"

namespace outrider::simulations {
namespace {

using ::testing::HasSubstr;

std::vector<std::unique_ptr<Family>> promising_families() {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<averaging::AveragingFamily>(
      averaging::RoundRules{.cohort = 2, .minimum = 2, .duration = Instant{60'000}}));
  families.push_back(std::make_unique<growing::GrowingFamily>());
  return families;
}

// An aggregator and its ledger; between the two the test may change what the aggregator writes down of its own.
class FamilyPromises : public testing::Test {
 protected:
  explicit FamilyPromises(Watch watch = Watch::full) : ledger(watch, promising_families) {}

  void publish(const Bytes& definition) {
    disk.commit(core.publish(definition, {}).writes);
    ledger.published(core, disk);
    for (const ClientId& client : {one, two})
      take(core.receive({client, protocol::Hello{client.brief(), Revision{}}}, Instant{1}));
  }

  using Change = std::function<Bytes(const Bytes& payload)>;
  void say(const ClientId& client, const Topic& topic, Bytes payload, const Change& change = {}) {
    const Contribution contribution{client, SequenceNumber{1}, Revision{}, topic, std::move(payload)};
    ledger.received(contribution);
    take(core.receive({client, protocol::Contribute{{contribution}}}, Instant{2}), change);
  }

  void take(aggregator::Effects effects, const Change& change = {}) {
    for (WriteSet::Operation& operation : effects.writes.operations) {
      const bool is_own = operation.column == Column::contributions && operation.value &&
                          ClientId::from_bytes(ByteView(operation.key).first(ClientId::kSize)) == self;
      if (!change || !is_own) continue;
      aggregator::Decision decision = aggregator::decode_decision(*operation.value);
      decision.accepted->payload = change(decision.accepted->payload);
      decision.id = decision.accepted->id();
      operation.value = aggregator::encode(decision);
    }
    disk.commit(effects.writes);
    ledger.said_itself(self, effects.writes, disk);
    ledger.answered(effects.messages, disk);
    ledger.check(core);
  }

  // What the aggregator might say although it has said it before.
  void say_again(const Topic& topic, Bytes payload) {
    const Contribution contribution{self, SequenceNumber{100}, Revision{}, topic, std::move(payload)};
    WriteSet writes;
    aggregator::Decision decision;
    decision.id = contribution.id();
    decision.accepted = contribution;
    decision.revision = core.revision();
    writes.put(Column::contributions, aggregator::decision_key(self, contribution.sequence), encode(decision));
    disk.commit(writes);
    ledger.said_itself(self, writes, disk);
    const ClientId somebody = ClientId::from_public_key(bytes_of("somebody"));
    take(core.receive({somebody, protocol::Hello{"somebody", Revision{}}}, Instant{3}));
  }

  template <typename Action>
  static std::string violation_of(Action&& action) {
    try {
      action();
    } catch (const Violation& violation) {
      return violation.what();
    }
    return {};
  }

  ClientId self = ClientId::from_public_key(bytes_of("aggregator"));
  ClientId one = ClientId::from_public_key(bytes_of("one"));
  ClientId two = ClientId::from_public_key(bytes_of("two"));
  MemoryStore disk;
  aggregator::Core core{self, disk, promising_families()};
  Ledger ledger;
};

class PromisesOfRounds : public FamilyPromises, public testing::WithParamInterface<Watch> {
 protected:
  PromisesOfRounds() : FamilyPromises(GetParam()) {
    task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
    task.network = nn::parse_network("input 1x2x2; flatten; linear 2");
    task.classes = {"cat", "dog"};
    task.strategy = averaging::parse_strategy("fedavg");
    publish(task.encode());
  }
  void update(const ClientId& client, float value, const Change& change = {}) {
    averaging::Update update{client, 0, 10, {}, {}, 1};
    for (const nn::TensorSpec& tensor : averaging::shared_tensors(task.network, task.strategy))
      update.delta.tensors.push_back({tensor, std::vector<float>(tensor.size(), value)});
    say(client, {std::string(averaging::kAveragingKind), task.id(), averaging::subject_of_update(task.strategy, 0)},
        averaging::encode_update(update, averaging::Encoding::kFloat32), change);
  }
  Change changed(const std::function<void(averaging::RoundRecord&)>& change) const {
    return [this, change](const Bytes& payload) {
      averaging::RoundRecord record = averaging::decode_round_record(payload, task);
      change(record);
      return averaging::encode(record);
    };
  }

  averaging::LearningTask task;
};

TEST_P(PromisesOfRounds, AreKeptByTheAggregator) {
  update(one, 0.5F);
  update(two, 1.5F);
  const auto known = core.knowledge_since({});
  EXPECT_EQ(known.entries.back().topic.kind, averaging::kAveragingKind);
  EXPECT_GT(ledger.accepted(), 3U) << "two updates and two records";
}

TEST_P(PromisesOfRounds, AModelThatIsNotWhatItsUpdatesComeToIsSeen) {
  update(one, 0.5F);
  EXPECT_THAT(violation_of([&] {
                update(two, 1.5F, changed([](averaging::RoundRecord& record) {
                         record.state.weights.tensors[0].values[0] += 0.001F;
                       }));
              }),
              HasSubstr("the record of round 1 is not what its 2 updates come to"));
}

TEST_P(PromisesOfRounds, AModelThatSkipsItsUpdatesIsSeen) {
  update(one, 0.5F);
  EXPECT_THAT(violation_of([&] {
                update(two, 1.5F, changed([&](averaging::RoundRecord& record) {
                         record.state = task.initial_state();
                         record.state.round = 1;
                       }));
              }),
              HasSubstr("is not what its 2 updates come to"));
}

INSTANTIATE_TEST_SUITE_P(Watches, PromisesOfRounds, testing::Values(Watch::changes, Watch::full));

// As one that has grown out of another.
TEST(GivenRounds, TrainingBeginsWithTheModelThatItsTaskIsPublishedWith) {
  averaging::LearningTask task;
  task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  task.network = nn::parse_network("input 1x2x2; flatten; linear 2");
  task.classes = {"cat", "dog"};
  task.strategy = averaging::parse_strategy("fedavg");
  const Topic topic{std::string(averaging::kAveragingKind), task.id(), std::string(averaging::kModelSubject)};
  averaging::RoundRecord given{task.initial_state(), {}, 0};
  given.state.weights.tensors[0].values[0] = 0.5F;
  averaging::RoundRecord another = given;
  another.state.weights.tensors[0].values[0] = 0.25F;
  const auto begins_with = [&](const averaging::RoundRecord& record) {
    const std::unique_ptr<FamilyPromise> promise = promise_of_rounds();
    promise->given(topic, averaging::encode(given));
    promise->open_space(task.id(), task.encode());
    promise->accepted({ClientId{}, SequenceNumber{1}, Revision{}, topic, averaging::encode(record)});
    promise->check({});
  };
  begins_with(given);
  EXPECT_THROW(begins_with(another), Violation);
}

class PromisesOfGrowth : public FamilyPromises {
 protected:
  PromisesOfGrowth() {
    task.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
    task.small = {.part = nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2"),
                  .templates = 1,
                  .parts = 1};
    task.classes = {"cat", "dog"};
    publish(task.encode());
  }
  growing::MixtureNetwork small(std::uint64_t seed) const { return growing::MixtureNetwork::initial(task.small, seed); }
  void teach(const ClientId& client, std::uint64_t seed, const Change& change = {}) {
    say(client, client::growing_topic(task.id(), growing::kSmallSubject), growing::encode_mixture(small(seed)), change);
  }

  growing::GrowingTask task;
};

TEST_F(PromisesOfGrowth, AreKeptByTheAggregator) {
  teach(one, 1);
  teach(two, 2);
  EXPECT_EQ(ledger.accepted(), 3U) << "two small networks and the growth";
}

TEST_F(PromisesOfGrowth, AGrowthOfAPartThatNobodySaidIsSeen) {
  teach(one, 1);
  const Change of_another = [&](const Bytes& payload) {
    const auto record = growing::GrowthRecord::decode(payload, task);
    return growing::GrowthRecord::of(task, record.clients, {small(1), small(3)}).encode();
  };
  EXPECT_THAT(violation_of([&] { teach(two, 2, of_another); }), HasSubstr("has grown from a part that client"));
}

TEST_F(PromisesOfGrowth, AGrowthThatIsSaidTwiceIsSeen) {
  teach(one, 1);
  Bytes said;
  teach(two, 2, [&](const Bytes& payload) { return said = payload; });
  const ClientId three = ClientId::from_public_key(bytes_of("three"));
  take(core.receive({three, protocol::Hello{"three", Revision{}}}, Instant{1}));
  say_again(client::growing_topic(task.id(), growing::kGrowthSubject), said);
  EXPECT_THAT(violation_of([&] {
                // The next change of what is known.
                const auto growth = growing::GrowthRecord::decode(said, task);
                say(three, client::growing_topic(task.id(), growing::kCrossingSubject),
                    growing::Crossing::of(growth.grown(), growth.event.id(), 10).encode());
              }),
              HasSubstr("a growth is said 2 times"));
}

TEST(PromisesOfMasks, AMaskThatChangesWithoutItsTeacherIsSeen) {
  const std::unique_ptr<FamilyPromise> promise = promise_of_masks();
  const Topic task{std::string(kSupermaskKind), Digest::of(bytes_of("base")), "bags"};
  const ClientId teacher = ClientId::from_public_key(bytes_of("teacher"));
  const auto merged = [&](Bytes payload) {
    return std::vector<protocol::KnowledgeEntry>{{task, std::move(payload), {}, 0}};
  };
  promise->accepted({teacher, SequenceNumber{1}, Revision{}, task, {1}});
  promise->check(merged({1}));
  promise->check(merged({1}));
  promise->accepted({teacher, SequenceNumber{2}, Revision{}, task, {2}});
  promise->check(merged({2}));
  EXPECT_THROW(promise->check(merged({3})), Violation);
}

}  // namespace
}  // namespace outrider::simulations
