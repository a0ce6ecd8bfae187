// States that hold what no message can carry, as versions before this one could write them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/core/core.h"
#include "knowledge/error.h"
#include "protocol/codec.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const ClientId kMended = ClientId::from_public_key(bytes_of("client"));
const std::string kPrototype = "prototype";

Topic class_topic(const std::string& subject) {
  return {kPrototype, {}, subject};
}

class MendedStateTest : public testing::Test {
 protected:
  // As Core::learned did without looking at the topic.
  void learn_unchecked(const std::string& subject, std::size_t payload_bytes = 8) {
    Outbox outbox(kMended, store_);
    store_.commit(outbox.add(class_topic(subject), Revision{}, Bytes(payload_bytes, 1)));
    Bytes key = to_bytes(std::string_view("lesson/"));
    const Bytes topic = topic_key(class_topic(subject));
    key.insert(key.end(), topic.begin(), topic.end());
    WriteSet writes;
    writes.put(Column::meta, std::move(key), Bytes{1});
    store_.commit(writes);
  }
  Core open() { return {kMended, "client", store_, Random(1)}; }
  // What it says once it is welcome; every message must be one that can be sent.
  std::vector<std::pair<std::uint64_t, std::string>> contributes(Core& core) {
    const Effects hello = core.tick(Instant{60'000});
    store_.commit(hello.writes);
    notices_.insert(notices_.end(), hello.notices.begin(), hello.notices.end());
    const std::uint64_t conversation = std::get<protocol::Hello>(hello.messages.at(0).body).conversation;
    const Effects effects =
        core.receive({kMended, protocol::Welcome{kMended, {}, {}, {}, 5, conversation, true}}, Instant{60'001});
    store_.commit(effects.writes);
    std::vector<std::pair<std::uint64_t, std::string>> said;
    for (const protocol::Message& message : effects.messages) {
      protocol::encode(message);
      if (const auto* contribute = std::get_if<protocol::Contribute>(&message.body))
        for (const Contribution& one : contribute->contributions)
          said.emplace_back(number(one.sequence), one.topic.subject);
    }
    return said;
  }

  MemoryStore store_;
  std::vector<std::string> notices_;
};

const std::vector<std::string> kUnfit{"bo\not",   "tab\there",           "caf\xE9", std::string("nul\0", 4),
                                      "\xFF\xFE", std::string(1025, 'x')};

TEST_F(MendedStateTest, WhatCannotBeSentNoLongerHoldsUpWhatFollows) {
  learn_unchecked("bag");
  for (const std::string& subject : kUnfit) learn_unchecked(subject);
  learn_unchecked("shoe");
  learn_unchecked("caf\xE9 noir", 600u << 10);  // in parts
  learn_unchecked("coat");
  Core core = open();
  EXPECT_EQ(core.undecided(), 3U);
  EXPECT_THAT(contributes(core), ElementsAre(std::pair(1U, "bag"), std::pair(2U, "shoe"), std::pair(3U, "coat")));
  EXPECT_EQ(notices_.size(), kUnfit.size() + 1);
  EXPECT_THAT(notices_, testing::Contains(HasSubstr("'bo\\not' is forgotten, since its name could never be sent: it "
                                                    "has a control character at byte 2")));
  std::size_t parts = 0;
  store_.scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts; });
  EXPECT_EQ(parts, 0U);
  EXPECT_EQ(lesson_memory(store_, class_topic("caf\xE9")), std::nullopt);
  EXPECT_NE(lesson_memory(store_, class_topic("coat")), std::nullopt);
}

TEST_F(MendedStateTest, IsMendedOnceAndForAll) {
  learn_unchecked("bo\not");
  learn_unchecked("bag");
  Core first = open();
  EXPECT_THAT(contributes(first), ElementsAre(std::pair(1U, "bag")));
  notices_.clear();
  Core second = open();
  EXPECT_THAT(contributes(second), ElementsAre(std::pair(1U, "bag")));
  EXPECT_TRUE(notices_.empty());
}

TEST_F(MendedStateTest, ALessonThatCannotBeSentIsRefusedBeforeAnythingHasChanged) {
  Core core = open();
  for (const std::string& subject : kUnfit) {
    try {
      core.learned({class_topic(subject), {1}, {1}}, Instant{0});
      ADD_FAILURE() << "took a lesson that no message can carry";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("cannot be sent"));
    }
    EXPECT_EQ(core.undecided(), 0U);
  }
  EXPECT_THROW(core.learned({class_topic("caf\xE9"), Bytes(600u << 10), {1}}, Instant{0}), InputError);
  store_.commit(core.learned({class_topic(std::string(1024, 'x')), {1}, {1}}, Instant{0}).writes);
  store_.commit(core.learned({class_topic("bag"), {1}, {1}}, Instant{0}).writes);
  EXPECT_THAT(contributes(core), ElementsAre(std::pair(1U, std::string(1024, 'x')), std::pair(2U, "bag")));
}

TEST_F(MendedStateTest, LargeKnowledgeWhosePlaceIsLostIsSaidToBeMissing) {
  const Topic topic = class_topic("bag");
  WriteSet writes;
  writes.put(Column::replica, topic_key(topic), {});  // it lies in parts; the record of where is gone
  store_.commit(writes);
  const auto complaint = objection_of([&] { known(store_, topic); });
  EXPECT_THAT(complaint.value_or(""), HasSubstr("the state lacks parts of what is known on 'bag'"));
  EXPECT_THROW(for_each_known(store_, kPrototype, {}, [](const Topic&, ByteView) {}), InputError);
}

// A replica of revision 7 with a small topic and a large one, in three parts.
class TornReplicaTest : public MendedStateTest {
 protected:
  TornReplicaTest() {
    WriteSet writes;
    put_parts(large_, content_, writes);
    writes.put(Column::meta, to_bytes(std::string_view("aggregator")), to_bytes(kMended.view()));
    store_.commit(writes);
    protocol::Knowledge knowledge{{}, Revision{7}, {}, {}, {}};
    knowledge.entries = {{small_, {1}, {}, 0}, {bag_, {}, large_.name, large_.bytes}};
    Replica replica(store_);
    store_.commit(replica.apply(knowledge, {&large_, 1}));
  }
  void lose(Column column, Bytes key) {
    WriteSet writes;
    writes.erase(column, std::move(key));
    store_.commit(writes);
  }
  // The revision that it says to have, and what it asks for once it is welcome.
  std::pair<Revision, std::vector<protocol::Want>> speaks(Core& core) {
    const Effects hello = core.tick(Instant{60'000});
    store_.commit(hello.writes);
    notices_ = hello.notices;
    const auto& said = std::get<protocol::Hello>(hello.messages.at(0).body);
    const Effects effects = core.receive(
        {kMended, protocol::Welcome{kMended, Revision{7}, {}, {}, 5, said.conversation, true}}, Instant{60'001});
    store_.commit(effects.writes);
    std::vector<protocol::Want> wants;
    for (const protocol::Message& message : effects.messages)
      if (const auto* want = std::get_if<protocol::Want>(&message.body)) wants.push_back(*want);
    return {said.replica, wants};
  }
  void expect_fetched_again() {
    Core core = open();
    const auto [revision, wants] = speaks(core);
    EXPECT_EQ(revision, Revision{});
    ASSERT_EQ(wants.size(), 1U);
    EXPECT_EQ(wants[0].since, Revision{});
    EXPECT_THAT(notices_, ElementsAre(HasSubstr("lacks parts of what is known on 'bag'; fetching all that is known")));
    std::size_t parts = 0;
    store_.scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts; });
    EXPECT_EQ(parts, 0U);
    protocol::Knowledge answer{{}, Revision{7}, {}, {}, {}};
    answer.entries = {{small_, {1}, {}, 0}, {bag_, content_, {}, 0}};
    store_.commit(core.receive({kMended, answer}, Instant{60'002}).writes);
    EXPECT_EQ(known(store_, bag_), content_);
    EXPECT_EQ(known(store_, small_), Bytes{1});
    EXPECT_EQ(known_revision(store_), Revision{7});
  }

  const Topic bag_ = class_topic("bag");
  const Topic small_ = class_topic("coat");
  const Bytes content_ = Bytes(40, 3);
  const Large large_{PartsOwner::knowledge, Digest::of(content_), content_.size(), 16};
};

TEST_F(TornReplicaTest, KnowledgeWhosePlaceIsLostIsFetchedAgain) {
  Bytes place = to_bytes(std::string_view("large/"));
  std::ranges::copy(topic_key(bag_), std::back_inserter(place));
  lose(Column::meta, place);
  expect_fetched_again();
}

TEST_F(TornReplicaTest, KnowledgeOfWhichAPartIsLostIsFetchedAgain) {
  for (const std::uint64_t part : {0U, 1U, 2U}) {
    SCOPED_TRACE(part);
    WriteSet writes;
    put_parts(large_, content_, writes);
    Replica replica(store_);
    writes.append(replica.clear());
    store_.commit(writes);
    put_parts(large_, content_, writes);
    protocol::Knowledge knowledge{{}, Revision{7}, {}, {}, {}};
    knowledge.entries = {{bag_, {}, large_.name, large_.bytes}};
    writes.append(replica.apply(knowledge, {&large_, 1}));
    store_.commit(writes);
    lose(Column::parts, part_key(large_, part));
    expect_fetched_again();
  }
}

TEST_F(TornReplicaTest, KnowledgeThatIsWholeIsNotFetchedAgain) {
  Core core = open();
  const auto [revision, wants] = speaks(core);
  EXPECT_EQ(revision, Revision{7});
  EXPECT_TRUE(wants.empty());
  EXPECT_TRUE(notices_.empty());
  EXPECT_EQ(known(store_, bag_), content_);
}

}  // namespace
}  // namespace outrider::client
