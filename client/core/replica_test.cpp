// The copy of what the aggregator knows goes on from page to page, also after a crash.
#include "client/core/replica.h"

#include <gtest/gtest.h>

#include "client/core/core.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

Topic topic_named(const std::string& subject) {
  return {"prototype", Digest::of(bytes_of("encoder")), subject};
}

protocol::Knowledge page(std::uint64_t since, const std::string& after, std::uint64_t through, const std::string& up_to,
                         const std::vector<std::string>& subjects, std::uint8_t content = 1) {
  protocol::Knowledge knowledge{Revision{since}, Revision{through}, {}, {}, {}};
  if (!after.empty()) knowledge.after = topic_named(after);
  if (!up_to.empty()) knowledge.up_to = topic_named(up_to);
  for (const std::string& subject : subjects)
    knowledge.entries.push_back({topic_named(subject), Bytes{content}, {}, 0});
  return knowledge;
}

class ReplicaTest : public testing::Test {
 protected:
  void apply(const protocol::Knowledge& knowledge) { store_.commit(Replica(store_).apply(knowledge)); }
  std::string known_subjects() const {
    std::string subjects;
    for_each_known(store_, "prototype", Digest::of(bytes_of("encoder")),
                   [&](const Topic& topic, ByteView) { subjects += topic.subject; });
    return subjects;
  }

  MemoryStore store_;
};

TEST_F(ReplicaTest, GoesOnWithinARevisionAfterACrash) {
  apply(page(0, "", 4, "b", {"a", "b"}));
  EXPECT_EQ(Replica(store_).revision(), Revision{4});
  EXPECT_EQ(Replica(store_).within(), topic_named("b"));
  EXPECT_EQ(Replica(store_).reaches(), Revision{5});
  apply(page(4, "b", 4, "d", {"c", "d"}));
  EXPECT_EQ(Replica(store_).within(), topic_named("d"));
  apply(page(4, "d", 5, "", {"e"}));
  EXPECT_EQ(Replica(store_).revision(), Revision{5});
  EXPECT_EQ(Replica(store_).within(), Topic{});
  EXPECT_EQ(Replica(store_).reaches(), Revision{5});
  EXPECT_EQ(known_subjects(), "abcde");
}

TEST_F(ReplicaTest, TakesNoPageThatBeginsBehindItsEndOrEndsBeforeIt) {
  apply(page(0, "", 4, "b", {"a", "b"}));
  for (const auto& other : {page(4, "c", 5, "", {"x"}), page(4, "", 4, "a", {"x"}), page(4, "", 4, "b", {"x"}),
                            page(3, "", 5, "", {"x"}), page(5, "", 6, "", {"x"}), page(0, "", 4, "", {"x"})}) {
    EXPECT_FALSE(Replica(store_).takes(other));
    apply(other);
  }
  EXPECT_EQ(known_subjects(), "ab");
}

// An aggregator of before knows nothing of pages and tells all that followed the revision.
TEST_F(ReplicaTest, TakesWhatBeginsBeforeItsEnd) {
  apply(page(0, "", 4, "b", {"a", "b"}));
  apply(page(4, "", 7, "", {"a", "b", "c", "z"}, 2));
  EXPECT_EQ(Replica(store_).revision(), Revision{7});
  EXPECT_EQ(Replica(store_).within(), Topic{});
  EXPECT_EQ(known(store_, topic_named("a")), Bytes{2});
}

TEST_F(ReplicaTest, ForgetsItsPlaceWithTheRest) {
  apply(page(0, "", 4, "b", {"a", "b"}));
  store_.commit(Replica(store_).clear());
  EXPECT_EQ(Replica(store_).within(), Topic{});
  EXPECT_EQ(Replica(store_).reaches(), Revision{});
  EXPECT_EQ(known_subjects(), "");
}

class PagingCoreTest : public ReplicaTest {
 protected:
  // The answer to what the core says at first.
  Effects welcome(Core& core, std::uint64_t revision) {
    const auto hello = std::get<protocol::Hello>(core.tick(now_).messages.at(0).body);
    return hear(core, protocol::Welcome{aggregator_, Revision{revision}, {}, {}, 5, hello.conversation});
  }
  Effects hear(Core& core, protocol::Body body) {
    Effects effects = core.receive({self_, std::move(body)}, now_);
    store_.commit(effects.writes);
    return effects;
  }
  static const protocol::Want* want_of(const Effects& effects) {
    for (const protocol::Message& message : effects.messages)
      if (const auto* want = std::get_if<protocol::Want>(&message.body)) return want;
    return nullptr;
  }

  ClientId self_ = ClientId::from_public_key(bytes_of("client"));
  ClientId aggregator_ = ClientId::from_public_key(bytes_of("aggregator"));
  Instant now_{10};
};

TEST_F(PagingCoreTest, AsksForThePageAfterTheOneItHas) {
  Core core(self_, "client", store_, Random(1), {}, {}, {}, {}, "1.2.3");
  const Effects first = welcome(core, 5);
  ASSERT_NE(want_of(first), nullptr);
  EXPECT_TRUE(want_of(first)->paged);
  EXPECT_EQ(want_of(first)->after, Topic{});
  const Effects second = hear(core, page(0, "", 4, "b", {"a", "b"}));
  ASSERT_NE(want_of(second), nullptr);
  EXPECT_EQ(want_of(second)->since, Revision{4});
  EXPECT_EQ(want_of(second)->after, topic_named("b"));
  Core restarted(self_, "client", store_, Random(2));
  const Effects third = welcome(restarted, 5);
  ASSERT_NE(want_of(third), nullptr);
  EXPECT_EQ(want_of(third)->after, topic_named("b"));
  EXPECT_EQ(want_of(hear(restarted, page(4, "b", 5, "", {"c"}))), nullptr);
  EXPECT_EQ(restarted.replica(), Revision{5});
}

// It had a part of revision 5, and there is no such revision.
TEST_F(PagingCoreTest, AnAggregatorThatKnowsLessThanAPartOfARevisionIsBelieved) {
  {
    Core core(self_, "client", store_, Random(1));
    welcome(core, 5);
    hear(core, page(0, "", 4, "b", {"a", "b"}));
  }
  Core core(self_, "client", store_, Random(2));
  welcome(core, 4);
  EXPECT_EQ(core.replica(), Revision{});
  EXPECT_EQ(known_subjects(), "");
}

TEST_F(PagingCoreTest, WhyItIsNotLetInIsSaidOnce) {
  Core core(self_, "client", store_, Random(1));
  core.tick(now_);
  const protocol::Refused full{{}, "there is no place for another client", false};
  const Effects effects = hear(core, full);
  ASSERT_EQ(effects.notices.size(), 1U);
  EXPECT_NE(effects.notices[0].find("no place for another client"), std::string::npos);
  EXPECT_TRUE(hear(core, full).notices.empty());
  EXPECT_FALSE(core.connected());
}

}  // namespace
}  // namespace outrider::client
