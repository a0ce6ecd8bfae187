// Whoever says or asks the same for ever neither fills the log nor keeps others waiting.
#include <gtest/gtest.h>

#include "aggregator/core/core.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {
namespace {

std::vector<std::unique_ptr<Family>> prototypes_of_four() {
  std::vector<std::unique_ptr<Family>> result;
  result.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{4}; }));
  return result;
}

ClientId stranger(std::size_t number) {
  return ClientId::from_public_key(bytes_of("stranger " + std::to_string(number)));
}

class FloodsTest : public testing::Test {
 protected:
  explicit FloodsTest(const Limits& limits = {}) : core_(self_, store_, prototypes_of_four(), limits) {
    perform(core_.publish(definition_, {}));
  }
  std::vector<protocol::Body> perform(Effects effects) {
    store_.commit(effects.writes);
    for (const std::string& notice : effects.notices) {
      ++notices_;
      notice_bytes_ += notice.size();
      last_notice_ = notice;
    }
    std::vector<protocol::Body> bodies;
    for (protocol::Message& message : effects.messages) bodies.push_back(std::move(message.body));
    return bodies;
  }
  std::vector<protocol::Body> hear(const ClientId& from, protocol::Body body) {
    return perform(core_.receive({from, std::move(body)}, now_));
  }
  void teach(const ClientId& from, std::uint64_t sequence) {
    hear(from, protocol::Contribute{
                   {{from,
                     SequenceNumber{sequence},
                     {},
                     {std::string(kPrototypeKind), Digest::of(definition_), "class " + std::to_string(sequence)},
                     encode(ClassState{1, {1, 2, 3, 4}, {}})}}});
  }

  const Bytes definition_{1, 2, 3};
  ClientId self_ = ClientId::from_public_key(bytes_of("aggregator"));
  MemoryStore store_;
  Core core_;
  Instant now_{1000};
  std::size_t notices_ = 0;
  std::size_t notice_bytes_ = 0;
  std::string last_notice_;
};

TEST_F(FloodsTest, OneClientThatComesAndLeavesForEverMakesFewLines) {
  for (int i = 0; i < 20'000; ++i) {
    hear(stranger(1), protocol::Hello{"stranger", {}});
    hear(stranger(1), protocol::Goodbye{});
    if (i % 20 == 0) now_ += Instant{10};  // ten seconds in all
  }
  EXPECT_EQ(notices_, NoticeLimits{}.of_client);
  hear(stranger(2), protocol::Hello{"another", {}});
  EXPECT_EQ(notices_, NoticeLimits{}.of_client + 1) << "others are heard of";
  EXPECT_NE(last_notice_.find(" lines like this were left out"), std::string::npos) << last_notice_;
}

TEST_F(FloodsTest, ManyClientsTogetherMakeFewLinesASecond) {
  for (std::size_t i = 0; i < 10'000; ++i) {
    hear(stranger(i), protocol::Hello{std::string(64, 'x'), {}});
    if (i % 10 == 9) now_ += Instant{10};  // ten seconds in all
  }
  EXPECT_LE(notices_, 11 * NoticeLimits{}.of_all);
  EXPECT_GE(notices_, 9 * NoticeLimits{}.of_all);
  EXPECT_LE(notice_bytes_, 200'000U);
}

TEST_F(FloodsTest, TheSameQuestionWithinAMomentIsAnsweredAFewTimes) {
  hear(stranger(1), protocol::Hello{"stranger", {}});
  teach(stranger(1), 1);
  for (const protocol::Body& question : {protocol::Body(protocol::Want{}), protocol::Body(protocol::StatusQuery{})}) {
    EXPECT_EQ(hear(stranger(1), question).size(), 1U);
    for (std::uint32_t i = 1; i < AskerLimits{}.times; ++i) EXPECT_EQ(hear(stranger(1), question).size(), 1U);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(hear(stranger(1), question).empty());
    now_ += AskerLimits{}.repeat - Instant{1};
    EXPECT_TRUE(hear(stranger(1), question).empty());
    now_ += Instant{1};
    EXPECT_EQ(hear(stranger(1), question).size(), 1U) << "it was lost, perhaps";
  }
}

TEST_F(FloodsTest, WhoBeginsAnewIsAnsweredAtOnce) {
  hear(stranger(1), protocol::Hello{"stranger", {}});
  EXPECT_EQ(hear(stranger(1), protocol::Want{}).size(), 1U);
  hear(stranger(1), protocol::Hello{"stranger", {}});
  EXPECT_EQ(hear(stranger(1), protocol::Want{}).size(), 1U);
}

TEST_F(FloodsTest, WhoIsNotKnownIsToldToSayHello) {
  for (const protocol::Body& body : {protocol::Body(protocol::Want{}), protocol::Body(protocol::Heartbeat{})}) {
    const auto answers = hear(stranger(1), body);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(std::get<protocol::Announce>(answers[0]).aggregator, ClientId{});
  }
}

TEST(Askers, AreGivenSoMuchAtOnceAndThenSoMuchASecond) {
  Askers askers({.repeat = Instant{0}, .times = 1, .bytes_per_second = 1000, .burst_bytes = 5000, .clients = 2});
  const Digest question = Digest::of(bytes_of("question"));
  Instant now{0};
  int answered = 0;
  for (int i = 0; i < 100; ++i)
    if (askers.may_ask(stranger(1), question, now)) {
      ++answered;
      askers.given(stranger(1), 1000);
    }
  EXPECT_EQ(answered, 5);
  EXPECT_TRUE(askers.may_ask(stranger(2), question, now));
  now += Instant{1000};
  EXPECT_TRUE(askers.may_ask(stranger(1), question, now));
}

TEST(Askers, AreForgottenWhoAskedLongestAgoFirst) {
  Askers askers({.repeat = Instant{100'000}, .times = 1, .bytes_per_second = 1, .burst_bytes = 5000, .clients = 2});
  const Digest question = Digest::of(bytes_of("question"));
  EXPECT_TRUE(askers.may_ask(stranger(1), question, Instant{1}));
  EXPECT_TRUE(askers.may_ask(stranger(2), question, Instant{2}));
  EXPECT_FALSE(askers.may_ask(stranger(1), question, Instant{3}));
  EXPECT_TRUE(askers.may_ask(stranger(3), question, Instant{4}));
  EXPECT_FALSE(askers.may_ask(stranger(2), question, Instant{5}));
  EXPECT_TRUE(askers.may_ask(stranger(1), question, Instant{6})) << "it was forgotten";
}

// A hundred clients that catch up have it worked out once.
class CountingMerge : public Merge {
 public:
  explicit CountingMerge(int& times) : times_(times) {}
  std::optional<std::string> open_space(const Digest&, ByteView) override { return std::nullopt; }
  std::unique_ptr<Decoded> read(const Contribution&) const override { return std::make_unique<Decoded>(); }
  void take(const Contribution&, Decoded&) override {}
  void erase(const ClientId&, const Topic&) override {}
  Bytes merged(const Topic&) const override {
    ++times_;
    return Bytes(1u << 20, 7);
  }

 private:
  int& times_;
};
class CountingFamily : public Family {
 public:
  explicit CountingFamily(int& times) : times_(times) {}
  std::string_view kind() const override { return "counting"; }
  std::unique_ptr<Merge> make_merge() const override { return std::make_unique<CountingMerge>(times_); }

 private:
  int& times_;
};

TEST(Pages, AreWorkedOutOnceForAllWhoWantThem) {
  int times = 0;
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<CountingFamily>(times));
  MemoryStore store;
  Core core(stranger(0), store, families);
  store.commit(core.publish({1}, {{"counting", "model", {1}}}).writes);
  times = 0;
  for (std::size_t i = 1; i <= 100; ++i) {
    core.receive({stranger(i), protocol::Hello{"client", {}}}, Instant{1000});
    const auto effects = core.receive({stranger(i), protocol::Want{{}, true, true}}, Instant{1000});
    const auto& knowledge = std::get<protocol::Knowledge>(effects.messages.at(0).body);
    EXPECT_EQ(knowledge.entries.at(0).bytes, 1u << 20);
  }
  EXPECT_EQ(times, 1);
}

TEST(Pages, OfOtherThingsDoNotMergeAndHashAnewWhatIsLargeAndStays) {
  int times = 0;
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<CountingFamily>(times));
  MemoryStore store;
  Core core(stranger(0), store, families);
  const auto teach = [&](std::uint64_t sequence, const std::string& subject) {
    const Topic topic{"counting", Digest::of(Bytes{1}), subject};
    const protocol::Contribute contribute{{{stranger(1), SequenceNumber{sequence}, {}, topic, {1}}}};
    store.commit(core.receive({stranger(1), contribute}, Instant{1000}).writes);
  };
  const auto entries = [&] {
    times = 0;
    const auto effects = core.receive({stranger(1), protocol::Want{{}, true, true}}, Instant{1000});
    return std::get<protocol::Knowledge>(effects.messages.at(0).body).entries;
  };
  store.commit(core.publish({1}, {{"counting", "model", {1}}}).writes);
  store.commit(core.receive({stranger(1), protocol::Hello{"client", {}}}, Instant{1000}).writes);
  const auto before = entries();
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(times, 1);
  teach(1, "other");
  const auto after = entries();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(times, 1) << "of what is new only";
  teach(2, "model");
  EXPECT_EQ(entries().size(), 2U);
  EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace outrider::aggregator
