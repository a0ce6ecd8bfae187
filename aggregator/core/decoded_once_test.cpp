// What a client says is decoded once, however it comes: a payload may be large.
#include <gtest/gtest.h>

#include "aggregator/core/core.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {
namespace {

const ClientId kSelf = ClientId::from_public_key(bytes_of("the aggregator"));
const ClientId kTeacher = ClientId::from_public_key(bytes_of("a client"));
constexpr Instant kNow{1000};

// Counts how often payloads are read; what one client said last is what is known.
class ReadingMerge : public Merge {
 public:
  explicit ReadingMerge(int& times) : times_(times) {}
  std::optional<std::string> open_space(const Digest&, ByteView) override { return std::nullopt; }
  std::unique_ptr<Decoded> read(const Contribution& contribution) const override {
    ++times_;
    return decoded(contribution.payload);
  }
  std::optional<std::string> objection_to(const Contribution&, const Decoded& said) const override {
    if (as<Bytes>(said).front() != 0) return std::nullopt;
    return "it begins with a zero";
  }
  void take(const Contribution& contribution, Decoded& said) override {
    known_[contribution.topic] = std::move(as<Bytes>(said));
  }
  void erase(const ClientId&, const Topic& topic) override { known_.erase(topic); }
  Bytes merged(const Topic& topic) const override { return known_.contains(topic) ? known_.at(topic) : Bytes{}; }

 private:
  int& times_;
  std::map<Topic, Bytes> known_;
};
class ReadingFamily : public Family {
 public:
  explicit ReadingFamily(int& times) : times_(times) {}
  std::string_view kind() const override { return "reading"; }
  std::unique_ptr<Merge> make_merge() const override { return std::make_unique<ReadingMerge>(times_); }

 private:
  int& times_;
};

class DecodedOnce : public ::testing::Test {
 protected:
  DecodedOnce() {
    families_.push_back(std::make_unique<ReadingFamily>(times_));
    core_.emplace(kSelf, store_, families_);
    store_.commit(core_->publish({1}, {{"reading", "base", {1}}}).writes);
    perform({kTeacher, protocol::Hello{"teacher", {}}});
  }

  std::vector<protocol::Message> perform(const protocol::Message& message) {
    Effects effects = core_->receive(message, kNow);
    store_.commit(effects.writes);
    return std::move(effects.messages);
  }
  Contribution lesson(std::uint64_t sequence, Bytes payload) const {
    return {kTeacher, SequenceNumber{sequence}, {}, {"reading", Digest::of(Bytes{1}), "bag"}, std::move(payload)};
  }

  int times_ = 0;
  std::vector<std::unique_ptr<Family>> families_;
  MemoryStore store_;
  std::optional<Core> core_;
};

TEST_F(DecodedOnce, BaseKnowledge) {
  EXPECT_EQ(times_, 1);
}

TEST_F(DecodedOnce, ALessonInAMessage) {
  times_ = 0;
  const auto answer = perform({kTeacher, protocol::Contribute{{lesson(1, {7}), lesson(2, {8})}}});
  EXPECT_EQ(std::get<protocol::Accepted>(answer.at(0).body).contributions.size(), 2U);
  EXPECT_EQ(times_, 2);
  perform({kTeacher, protocol::Contribute{{lesson(2, {8})}}});
  EXPECT_EQ(times_, 2) << "a repeat is not read";
  const auto refusal = perform({kTeacher, protocol::Contribute{{lesson(3, {0})}}});
  EXPECT_EQ(std::get<protocol::Refused>(refusal.at(0).body).reason, "it begins with a zero");
  EXPECT_EQ(times_, 3);
}

TEST_F(DecodedOnce, ALessonInParts) {
  times_ = 0;
  const Contribution whole = lesson(1, Bytes(100'000, 5));
  Contribution header = whole;
  header.payload.clear();
  perform({kTeacher, protocol::Offer{whole.id(), header, whole.payload.size(), 1}});
  perform({kTeacher, protocol::PayloadPart{whole.id(), 0, 1, whole.payload}});
  EXPECT_EQ(times_, 0);
  perform({kTeacher, protocol::Offer{whole.id(), header, whole.payload.size(), 2}});
  EXPECT_EQ(times_, 1);
  EXPECT_EQ(core_->knowledge().entries.at(0).payload, whole.payload);
}

TEST_F(DecodedOnce, WhatIsRestored) {
  perform({kTeacher, protocol::Contribute{{lesson(1, {7})}}});
  perform({kTeacher, protocol::Contribute{{lesson(2, {8})}}});
  times_ = 0;
  core_.emplace(kSelf, store_, families_);
  EXPECT_EQ(times_, 2) << "the base, and the newest of the client";
}

}  // namespace
}  // namespace outrider::aggregator
