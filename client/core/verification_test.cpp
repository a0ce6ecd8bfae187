// Every kind of damage to a client's state is told, and a state without damage has none.
#include "client/core/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/core/outbox.h"
#include "client/core/replica.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ClientId kSelf = ClientId::from_public_key(bytes_of("self"));
const Bytes kEncoder{1, 2, 3};

// It has said a small and a large thing, and knows a small and a large one.
class ClientVerificationTest : public ::testing::Test {
 protected:
  ClientVerificationTest() {
    Outbox outbox(kSelf, store_, {.inline_bytes = 10, .part_bytes = 40});
    store_.commit(outbox.add(topic("bag"), {}, Bytes(5, 1)));
    store_.commit(outbox.add(topic("coat"), {}, large_));
    Replica replica(store_);
    protocol::Knowledge knowledge;
    knowledge.through = Revision{7};
    knowledge.entries.push_back({topic("bag"), Bytes(5, 2), {}, 0});
    knowledge.entries.push_back({topic("coat"), {}, known_.name, known_.bytes});
    WriteSet writes = replica.apply(knowledge, std::vector{known_});
    put_parts(known_, large_, writes);
    writes.put(Column::blobs, to_bytes(Digest::of(kEncoder).view()), kEncoder);
    store_.commit(writes);
  }

  static Topic topic(const std::string& name) { return {"prototype", Digest::of(kEncoder), name}; }
  std::vector<std::string> damages() const { return verify(store_).damages.named(); }
  void put(Column column, Bytes key, Bytes value) {
    WriteSet writes;
    writes.put(column, std::move(key), std::move(value));
    store_.commit(writes);
  }

  const Bytes large_ = Bytes(100, 3);
  const Large known_{PartsOwner::knowledge, Digest::of(large_), large_.size(), 40};
  MemoryStore store_;
};

TEST_F(ClientVerificationTest, AStateThatIsWholeHasNoDamage) {
  const Verification found = verify(store_);
  EXPECT_THAT(found.damages.named(), ElementsAre());
  EXPECT_EQ(found.contributions, 2U);
  EXPECT_EQ(found.topics, 2U);
  EXPECT_EQ(found.definitions, 1U);
  EXPECT_EQ(found.revision, Revision{7});
}

TEST_F(ClientVerificationTest, WhatItSaidIsDamaged) {
  const Large said{PartsOwner::contribution, Digest::of(large_), large_.size(), 40};
  put(Column::parts, part_key(said, 1), Bytes(40, 9));
  EXPECT_THAT(damages(), ElementsAre("what it has said on 'coat' is not what its digest says"));
  WriteSet writes;
  writes.erase(Column::parts, part_key(said, 1));
  store_.commit(writes);
  EXPECT_THAT(damages(), ElementsAre("what it has said on 'coat' lacks parts"));
}

TEST_F(ClientVerificationTest, WhatItKnowsIsDamaged) {
  put(Column::parts, part_key(known_, 2), Bytes(3, 9));
  EXPECT_THAT(damages(), ElementsAre("what it knows on 'coat' lacks parts"));
  put(Column::replica, Bytes{1}, {1});
  EXPECT_EQ(damages().size(), 2U) << "that is no topic, either";
}

TEST_F(ClientVerificationTest, WhatItKnowsIsNotWhatItsDigestSays) {
  put(Column::parts, part_key(known_, 1), Bytes(40, 9));
  EXPECT_THAT(damages(), ElementsAre("what it knows on 'coat' is not what its digest says"));
}

TEST_F(ClientVerificationTest, ADefinitionUnderAnothersName) {
  put(Column::blobs, to_bytes(Digest::of(kEncoder).view()), {9});
  EXPECT_THAT(damages(), ElementsAre(HasSubstr("the definition " + Digest::of(kEncoder).brief())));
}

TEST_F(ClientVerificationTest, AContributionThatIsNone) {
  put(Column::contributions, key_of(kSelf.view(), 1), {9});
  EXPECT_EQ(damages().size(), 1U);
}

}  // namespace
}  // namespace outrider::client
