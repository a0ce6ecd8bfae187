// The ledger must see what it is there to see: each test breaks one promise by hand.
#include "simulations/world/ledger.h"

#include <gtest/gtest.h>

#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "storage/memory_store.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kSize = 4;
const Bytes kEncoder(64, 3);

std::vector<std::unique_ptr<Family>> watched_families() {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return kSize; }));
  return families;
}

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    disk.commit(core->publish(kEncoder, {}).writes);
    ledger.published(*core, disk);
    disk.commit(core->receive({client, protocol::Hello{"client", Revision{}}}, Instant{1}).writes);
  }

  Contribution contribution(std::uint64_t sequence, float value, const std::string& subject = "cat") const {
    ClassStateBuilder builder(kSize);
    builder.add(std::vector<float>(kSize, value));
    return {client,
            SequenceNumber{sequence},
            Revision{},
            {std::string(kPrototypeKind), Digest::of(kEncoder), subject},
            encode(builder.state())};
  }
  Contribution withdrawal(std::uint64_t sequence) const {
    Contribution result = contribution(sequence, 0);
    result.payload.clear();
    return result;
  }
  aggregator::Effects deliver(const Contribution& what) {
    ledger.received(what);
    return core->receive({client, protocol::Contribute{{what}}}, Instant{2});
  }
  void deliver_well(const Contribution& what) {
    const aggregator::Effects effects = deliver(what);
    disk.commit(effects.writes);
    ledger.answered(effects.messages, disk);
    ledger.check(*core);
  }
  void start_again() {
    core = std::make_unique<aggregator::Core>(self, disk, watched_families());
    ledger.restarted(*core, disk);
  }

  ClientId self = ClientId::from_public_key(bytes_of("aggregator"));
  ClientId client = ClientId::from_public_key(bytes_of("client"));
  MemoryStore disk;
  std::unique_ptr<aggregator::Core> core = std::make_unique<aggregator::Core>(self, disk, watched_families());
  Ledger ledger{Watch::full, watched_families};
};

TEST_F(LedgerTest, IsContentWithWhatGoesWell) {
  deliver_well(contribution(1, 1));
  deliver_well(contribution(1, 1));
  deliver_well(contribution(2, 2, "dog"));
  deliver_well(withdrawal(3));
  start_again();
  EXPECT_EQ(ledger.accepted(), 3U);
}

TEST_F(LedgerTest, SeesAnAcknowledgementBeforeTheWrite) {
  const aggregator::Effects effects = deliver(contribution(1, 1));
  EXPECT_THROW(ledger.answered(effects.messages, disk), Violation);
}

TEST_F(LedgerTest, SeesThatAnAcknowledgedContributionIsLost) {
  deliver_well(contribution(1, 1));
  WriteSet writes;
  disk.scan(Column::contributions, {},
            [&](ByteView key, ByteView) { writes.erase(Column::contributions, to_bytes(key)); });
  disk.commit(writes);
  EXPECT_THROW(start_again(), Violation);
}

TEST_F(LedgerTest, SeesThatAContributionCountsTwice) {
  deliver_well(contribution(1, 1));
  // Another client's state under the first one's eyes: as if the merge had added it a second time.
  const ClientId echo = ClientId::from_public_key(bytes_of("echo"));
  Contribution twice = contribution(1, 1);
  twice.client = echo;
  disk.commit(core->receive({echo, protocol::Hello{"echo", Revision{}}}, Instant{1}).writes);
  disk.commit(core->receive({echo, protocol::Contribute{{twice}}}, Instant{2}).writes);
  EXPECT_THROW(ledger.check(*core), Violation);
}

TEST_F(LedgerTest, SeesThatRevisionsGoBack) {
  const auto backup = disk.reopened();
  deliver_well(contribution(1, 1));
  aggregator::Core older(self, *backup, watched_families());
  EXPECT_THROW(ledger.check(older), Violation);
}

TEST_F(LedgerTest, SeesWhatNeverCameIn) {
  const aggregator::Effects effects = core->receive({client, protocol::Contribute{{contribution(1, 1)}}}, Instant{2});
  disk.commit(effects.writes);
  EXPECT_THROW(start_again(), Violation);
}

TEST_F(LedgerTest, AcceptsThatACommitBecameDurableUnnoticed) {
  disk.commit(deliver(contribution(1, 1)).writes);  // and then the power went
  start_again();
  EXPECT_EQ(ledger.accepted(), 1U);
}

}  // namespace
}  // namespace outrider::simulations
