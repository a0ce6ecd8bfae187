// What must be true of an aggregator, from outside: it watches what comes in, what is acknowledged and what is on disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "aggregator/core/catalogue.h"
#include "aggregator/core/core.h"
#include "knowledge/family.h"
#include "simulations/world/family_promises.h"

namespace outrider::simulations {

// A promise was broken. what() says which, in one sentence.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// How closely the ledger looks.
enum class Watch : std::uint8_t {
  // After every event: what is acknowledged is on disk; revisions only grow. Costs a look at the
  // client's decisions for each acknowledgement.
  light,
  // Also: what has changed after an event that changes knowledge is what the ledger's own merge of all that was
  // accepted
  // comes to, and families keep their own promises (family_promises.h). The ledger keeps no contents beside what that
  // merge keeps, so that models of many megabytes can be watched.
  changes,
  // Also: knowledge is what all that was accepted merges to: after every event that changes it all of it is compared
  // with
  // a fresh merge in the order of clients and not of arrival, after every such event where no more than
  // Ledger::kWatchedWhole contributions are merged, else after as many changes as make it a fixed work for each.
  full,
};

class Ledger {
 public:
  using Families = std::function<std::vector<std::unique_ptr<Family>>()>;

  // `history`: how much the aggregator may keep of which nothing is merged; only where there is more may records go.
  // `most_payload_bytes`: nobody honest has more to say at once; who offers more is not listened to.
  Ledger(Watch watch, Families families, aggregator::HistoryLimits history = {},
         std::uint64_t most_payload_bytes = kMostPayloadBytes);

  static constexpr std::size_t kWatchedWhole = 1'000;
  static constexpr std::uint64_t kMostPayloadBytes = 1u << 20;

  // A contribution has reached the aggregator.
  void received(const Contribution& contribution);
  // Likewise, what comes of it in parts.
  void received(const protocol::Offer& offer);
  void received(const protocol::PayloadPart& part);
  // What is published with a definition, before published(): a piece of knowledge that is taken as it is.
  void given(const Topic& topic, const Bytes& payload);
  // The aggregator's answers are about to leave; `disk` is what a restart would find now. Throws Violation.
  void answered(const std::vector<protocol::Message>& messages, const Store& disk);
  // What the aggregator has just written down that it said itself, as that a round is over; it is on `disk`.
  void said_itself(const ClientId& self, const WriteSet& writes, const Store& disk);
  // After an event. Throws Violation.
  void check(const aggregator::Core& core);
  // Likewise, all of the knowledge.
  void check_all(const aggregator::Core& core) const;
  // The aggregator has started from `disk`. Throws Violation when something acknowledged is missing, or something is
  // there that never came in.
  void restarted(const aggregator::Core& core, const Store& disk);
  // What the aggregator itself brought, or says, is taken as given.
  void published(const aggregator::Core& core, const Store& disk);

  // The aggregator has lost its state, or gone back to an earlier one, as a script wants it: what was promised before
  // is promised no more. published() comes next.
  void forget();

  std::uint64_t accepted() const { return accepted_; }
  // The newest that the client said on the topic and that was accepted; nothing if there is none. With Watch::full.
  std::optional<Digest> latest(const ClientId& client, const Topic& topic) const;

 private:
  using Ids = std::map<SequenceNumber, Digest>;

  // A contribution of which not all parts have come in.
  struct Arriving {
    Contribution contribution;
    std::map<std::uint64_t, std::size_t> parts;  // sizes by offset
    std::uint64_t missing = 0;                   // bytes
  };

  // The last that was accepted of a client on a topic.
  struct Latest {
    SequenceNumber sequence{};
    bool withdraws = false;
    std::optional<Contribution> contribution{};  // full watch only
  };

  void doubt(const Digest& id, const Contribution& contribution);
  bool keeps_promises() const { return watch_ != Watch::light; }
  void accept(const Contribution& contribution);
  // Whether it takes something back and is decided on: where nothing was there, no more than its number is written
  // down.
  bool is_withdrawal_on_disk(const ClientId& client, const Digest& id, const Store& disk) const;
  void require_held(const ClientId& client, const protocol::Held& held, const Store& disk) const;
  void adopt(const Store& disk, bool trusted);
  void require_acknowledged(const std::map<ClientId, Ids>& there) const;
  std::set<std::pair<ClientId, SequenceNumber>> current() const;
  Digest expected() const;
  void check_changed(const aggregator::Core& core);
  void begin();
  void open_space(const Digest& space, ByteView definition);

  Watch watch_;
  Families families_;
  aggregator::HistoryLimits history_;
  std::uint64_t most_payload_bytes_;
  std::map<Digest, Contribution>
      in_doubt_;  // received and not decided, by id; not with light watch, as all that follows
  std::map<Digest, Arriving> arriving_;
  std::map<ClientId, Ids> acknowledged_;
  std::map<Topic, std::map<ClientId, Latest>> latest_;  // accepted
  std::map<Digest, SequenceNumber> withdrawals_;        // that were received, by id
  std::map<Digest, Bytes> spaces_;
  std::optional<ClientId> self_;  // of the aggregator, once it has said something
  std::uint64_t accepted_ = 0;
  Revision revision_{};
  Revision checked_{};
  std::unique_ptr<aggregator::Catalogue> merged_;  // of what was accepted, as it came
  std::vector<std::unique_ptr<FamilyPromise>> promises_;
  std::vector<std::pair<Topic, Bytes>> given_;
  std::set<Topic> told_;           // since checked_
  std::size_t contributions_ = 0;  // in latest_
  std::size_t changes_ = 0;        // since all of the knowledge was looked at
};

}  // namespace outrider::simulations
