// Knowledge goes out in answers that fit into a message, whatever came in with one.
#include <map>

#include <gtest/gtest.h>

#include "aggregator/core/test_core.h"
#include "knowledge/error.h"
#include "protocol/codec.h"
#include "protocol/limits.h"

namespace outrider::aggregator {
namespace {

constexpr std::size_t kDimensions = 64;

class PagesTest : public testing::Test, protected DrivenCore {
 protected:
  PagesTest() : DrivenCore(kDimensions) {}

  // As programs of before: all that comes in a message is one revision.
  static Limits whole_messages() {
    Limits limits;
    limits.revision_bytes = SIZE_MAX;
    limits.revision_entries = SIZE_MAX;
    return limits;
  }
  static Limits small_pages(std::size_t entries) {
    Limits limits = whole_messages();
    limits.knowledge_entries = entries;
    return limits;
  }
  void open(const Limits& limits) {
    start(limits);
    hear(protocol::Hello{"ann", {}});
  }
  std::vector<protocol::Message> hear(protocol::Body body) { return receive(ann_, std::move(body)); }
  void teach(std::size_t first, std::size_t count, float x = 1) {
    ClassState state{3, std::vector<float>(kDimensions, x), std::vector<float>(kDimensions, 2)};
    const Bytes payload = encode(state, Precision::int8);
    protocol::Contribute contribute;
    for (std::size_t i = first; i < first + count; ++i)
      contribute.contributions.push_back({ann_, next_number(), {}, topic(i), payload});
    hear(std::move(contribute));
  }
  SequenceNumber next_number() { return SequenceNumber{++said_}; }

  // A client's copy, which goes on from one answer to the next.
  struct Copy {
    Revision revision{};
    Topic within;
    std::map<Topic, Bytes> known;
    int pages = 0;
  };
  // One answer, which must fit into a message. False: there was none.
  bool take_page(Copy& copy) {
    const auto answers = hear(protocol::Want{copy.revision, true, true, copy.within});
    EXPECT_EQ(answers.size(), 1U);
    const auto* knowledge = answers.empty() ? nullptr : std::get_if<protocol::Knowledge>(&answers[0].body);
    if (knowledge == nullptr) return false;
    EXPECT_NO_THROW(protocol::encode(answers[0]));
    EXPECT_EQ(knowledge->since, copy.revision);
    EXPECT_EQ(knowledge->after, copy.within);
    EXPECT_GT(std::pair(knowledge->through, knowledge->up_to), std::pair(copy.revision, copy.within));
    for (const protocol::KnowledgeEntry& entry : knowledge->entries) {
      EXPECT_TRUE(entry.digest.empty());
      if (entry.payload.empty())
        copy.known.erase(entry.topic);
      else
        copy.known.insert_or_assign(entry.topic, entry.payload);
    }
    copy.revision = knowledge->through;
    copy.within = knowledge->up_to;
    ++copy.pages;
    return true;
  }
  void catch_up(Copy& copy) {
    while (copy.revision < core_->revision() && copy.pages < 1000) ASSERT_TRUE(take_page(copy));
  }
  void expect_complete(const Copy& copy) {
    EXPECT_EQ(copy.revision, core_->revision());
    std::map<Topic, Bytes> known;
    for (protocol::KnowledgeEntry& entry : core_->knowledge().entries)
      if (!entry.payload.empty()) known.emplace(entry.topic, std::move(entry.payload));
    EXPECT_EQ(copy.known, known);
  }

  std::uint64_t said_ = 0;
};

TEST_F(PagesTest, ARevisionTakesInNoMoreThanItMayAndTheRestOfAMessageIsTheNext) {
  Limits limits;
  open(limits);
  const Revision before = core_->revision();
  limits.revision_bytes = SIZE_MAX;
  open(limits);
  teach(0, limits.revision_entries);
  EXPECT_EQ(number(core_->revision()), number(before) + 1);
  teach(0, limits.revision_entries + 1);
  EXPECT_EQ(number(core_->revision()), number(before) + 3);
  const Digest knowledge = core_->knowledge_digest();
  open(limits);
  EXPECT_EQ(number(core_->revision()), number(before) + 3);
  EXPECT_EQ(core_->knowledge_digest(), knowledge);
}

TEST_F(PagesTest, ARevisionIsBoundedInBytesToo) {
  const std::size_t one =
      encode(ClassState{3, std::vector<float>(kDimensions, 1), std::vector<float>(kDimensions, 2)}, Precision::int8)
          .size() +
      topic(0).subject.size();
  Limits limits;
  limits.revision_bytes = 5 * one;
  open(limits);
  const Revision before = core_->revision();
  teach(0, 5);
  EXPECT_EQ(number(core_->revision()), number(before) + 1);
  teach(0, 6);
  EXPECT_EQ(number(core_->revision()), number(before) + 3);
}

TEST_F(PagesTest, WhatCameInOneMessageReachesClientsThatTakeWholeRevisionsOnly) {
  open({});
  teach(0, 40'000);
  std::map<Topic, Bytes> known;
  Revision replica{};
  while (replica < core_->revision()) {
    const auto answers = hear(protocol::Want{replica});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_NO_THROW(protocol::encode(answers[0]));
    const auto& knowledge = std::get<protocol::Knowledge>(answers[0].body);
    ASSERT_GT(knowledge.through, replica);
    for (const protocol::KnowledgeEntry& entry : knowledge.entries) known.insert_or_assign(entry.topic, entry.payload);
    replica = knowledge.through;
  }
  EXPECT_EQ(known.size(), 40'000U);
}

// 13.7 MB came in as one contribution of a program of before, which made 22.9 MB of one revision and was mute from then
// on.
TEST_F(PagesTest, AStateThatWasFrozenByOneLargeRevisionIsHandedOut) {
  open(whole_messages());
  teach(0, 52'000);
  EXPECT_THROW(protocol::encode({ann_, core_->knowledge()}), InputError);
  open({});
  Copy copy;
  catch_up(copy);
  expect_complete(copy);
  EXPECT_EQ(copy.known.size(), 52'000U);
  const auto answers = hear(protocol::Want{Revision{}, true});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_NE(std::get<protocol::Unsupported>(answers[0].body).sentence.find("does not fit into one message"),
            std::string::npos)
      << "a client of before is told";
}

TEST_F(PagesTest, OneRevisionGoesInOnePageAsLongAsItFits) {
  open(small_pages(10));
  teach(0, 10);
  Copy copy;
  catch_up(copy);
  EXPECT_EQ(copy.pages, 1);
  teach(0, 11);
  catch_up(copy);
  EXPECT_EQ(copy.pages, 3);
  expect_complete(copy);
}

TEST_F(PagesTest, WhatChangesBetweenPagesIsNeitherLostNorMixed) {
  open(small_pages(4));
  teach(0, 20);
  Copy copy;
  for (int page = 0; copy.revision < core_->revision() && page < 100; ++page) {
    ASSERT_TRUE(take_page(copy));
    if (page >= 6) continue;
    teach(static_cast<std::size_t>(page), 3, static_cast<float>(page));  // some that it has, some that it has not
    hear(protocol::Contribute{{{ann_, next_number(), {}, topic(19 - static_cast<std::size_t>(page)), {}}}});
    if (page == 3) open(small_pages(4));
  }
  expect_complete(copy);
}

TEST_F(PagesTest, WantsThatMakeNoSenseAreAnswered) {
  open(small_pages(4));
  teach(0, 20);
  for (const Revision since : {core_->revision(), Revision{UINT64_MAX - 1}, Revision{UINT64_MAX}}) {
    const auto answers = hear(protocol::Want{since, true, true, topic(3)});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(std::get<protocol::Knowledge>(answers[0].body).entries.empty());
  }
}

TEST(MostWireBytes, IsNoLessThanWhatEntriesTake) {
  for (const std::size_t size : {0U, 1U, 7U, 8U, 1000U})
    for (const std::size_t subject : {1U, 8U, 255U}) {
      protocol::KnowledgeEntry entry{{"prototype", Digest::of(bytes_of("x")), std::string(subject, 'a')},
                                     Bytes(size, 1),
                                     size == 0 ? Digest::of(bytes_of("y")) : Digest{},
                                     size};
      protocol::Knowledge knowledge;
      knowledge.entries.assign(2000, entry);
      EXPECT_LE(protocol::encode({{}, knowledge}).size(), 2000 * protocol::most_wire_bytes(entry) + 1024);
    }
}

}  // namespace
}  // namespace outrider::aggregator
