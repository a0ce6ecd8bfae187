// The aggregator as a state machine without I/O: (event, now) -> what to write, what to send.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregator/core/askers.h"
#include "aggregator/core/catalogue.h"
#include "aggregator/core/history.h"
#include "aggregator/core/notice_limiter.h"
#include "aggregator/core/operator_messages.h"
#include "aggregator/core/roster.h"
#include "aggregator/core/shelf.h"
#include "aggregator/core/uploads.h"
#include "aggregator/core/verdicts.h"
#include "knowledge/instant.h"
#include "protocol/messages.h"
#include "storage/store.h"

namespace outrider::aggregator {

// What an event causes. The shell commits `writes` first and sends `messages` only when they are durable; it may join
// the effects of several events into one commit. If the commit fails, the core is ahead of its store: throw it away,
// send nothing, and make a new one from the store; the clients repeat what was lost.
struct Effects {
  WriteSet writes;
  std::vector<protocol::Message> messages;
  std::vector<std::string> notices;  // for people, one sentence each; true once the writes are durable

  void append(Effects later);
};

// Nothing grows without a bound.
struct Limits {
  RosterLimits roster;
  CatalogueLimits catalogue;
  std::size_t payload_bytes = 256u << 20;  // of one contribution
  std::size_t inline_bytes = 512u << 10;   // a payload that is larger is kept in parts, and fetched in them
  // Of one answer to Want; to a client of before, which takes whole revisions only, up to what a message may hold.
  std::size_t knowledge_bytes = 1u << 20;
  std::size_t knowledge_entries = 4096;
  // Of the contributions that one revision takes in, all but the first: a message with more becomes several revisions.
  std::size_t revision_bytes = 256u << 10;
  std::size_t revision_entries = 1024;
  std::size_t status_entries = 1000;     // of one answer to StatusQuery, of each list
  std::size_t chunk_bytes = 512u << 10;  // of one BlobChunk
  std::size_t subject_bytes = 256;
  std::size_t name_bytes = 64;
  std::size_t version_bytes = 64;
  std::size_t shelf_bytes = 512u << 20;  // of large things that clients are fetching, in memory
  std::size_t shelved = 4096;            // of which it is remembered what they are called there
  AskerLimits askers;
  NoticeLimits notices;
  std::size_t pages =
      8;  // answers to Want that are kept while nothing new is known, so that many wants are worked out once
  UploadLimits uploads;
  HistoryLimits history;
};

struct Pace {
  std::uint32_t heartbeat_seconds = 5;  // asked of the clients; silent for three of them: not connected
  Instant announce_every{200};          // at most one round of announcements in this time
  Instant announce_each{1};             // and this for each client, since each then asks for what is new
  // When the core's clock was zero, in seconds since 1970; 0: not known, and when clients were seen is not written
  // down.
  std::uint64_t started = 0;
  std::uint64_t write_seen_every_seconds = 600;
};

// A piece of knowledge that the aggregator itself brings, for example the prototypes of the base classes.
struct BaseKnowledge {
  std::string kind;
  std::string subject;
  Bytes payload;
};

// Its merged knowledge is a pure function of the contributions accepted. Not thread-safe.
class Core {
 public:
  // Restores what `store` holds. `store` must outlive the core and change only by the core's own effects. `self` names
  // this state to clients. Throws InputError when the store's content cannot be read.
  Core(ClientId self, const Store& store, const std::vector<std::unique_ptr<Family>>& families, Limits limits = {},
       Pace pace = {});

  // This and what follows throws BrokenInvariant (knowledge/invariant.h) where the core finds itself wrong: then
  // nothing of its effects may be written.
  Effects receive(const protocol::Message& message, Instant now);
  // Announces a new revision to the clients that do not know it yet, and lets families say what time has made due. Call
  // it at deadline() or later.
  Effects tick(Instant now);
  // When tick() has something to do; kNever: not before the next message. Who falls silent is noticed by whatever tick
  // comes next: at least one in a heartbeat is good.
  Instant deadline() const;

  // Makes `definition` the one that clients learn with, and `base` known in its space. Nothing happens where it already
  // is. Throws InputError when no family can use the definition or a piece of base knowledge does not fit it.
  Effects publish(Bytes definition, const std::vector<BaseKnowledge>& base);

  // Where families merge by other rules than before, all that they merge has changed: clients are to fetch it anew.
  Effects merge_by_rules();

  Revision revision() const { return revision_; }
  Digest definition() const { return definition_; }
  // All that is known.
  protocol::Knowledge knowledge() const { return catalogue_.everything(revision_); }
  // Of it what concerns clients with this capacity.
  protocol::Knowledge knowledge_for(const Capacity& capacity) const {
    return catalogue_.changes_since({}, revision_, capacity);
  }
  // Of it what has changed after that revision, with nothing where nobody says anything on a topic any more.
  protocol::Knowledge knowledge_since(Revision revision) const { return catalogue_.changes_since(revision, revision_); }
  // On which something is merged.
  std::size_t topics() const { return catalogue_.size(); }
  // Equal for equal merged knowledge, whatever the order in which it came.
  Digest knowledge_digest() const { return catalogue_.digest(); }
  // The page that the query asks for.
  protocol::Status status(Instant now, const protocol::StatusQuery& query = {}) const;
  // What of the store's content cannot be used or sent and is left out, one sentence each.
  std::vector<std::string> complaints() const;

  // What the operator asks (core_clients.cpp, core_forget.cpp). All effects so far must be durable; those that are
  // asked for one client throw InputError where there is none.
  Clients accounts(const ClientId& after, Instant now) const;
  // By the beginning of its id or its name; throws InputError unless that is one.
  ClientId client_called(const std::string& who) const;
  Account account(const ClientId& id, Instant now) const;
  // Takes a client that is away off the list; what it taught stays, unless it is forgotten: then all is as if it had
  // never contributed, but that its numbers stay used up, and for what families have said since in the aggregator's
  // own name (the weights that a round has made).
  Effects remove(const ClientId& id, bool forget, Instant now);
  // Takes back all that anybody has said on topics of that name, the aggregator too, as if it had never been said; with
  // the same exceptions. Throws InputError where there is nothing of it.
  std::pair<Effects, Forgotten> forget_class(const std::string& name, Instant now);
  // What was taken back so far, the oldest first: not what it was.
  std::vector<Forgetting> forgettings() const;

 private:
  void restore();
  // All accepted contributions of a client but those that a later one on the same topic has replaced, by topic.
  struct Said {
    Decision decision;
    bool taught = false;  // ever, by it or by what it has replaced
  };
  using Latest = std::map<Topic, Said>;
  void restore_decision(ByteView key, Decision decision, Latest& latest);
  void fold(const Latest& latest);
  // Another device speaks in the client's name at this moment: whoever says this hello runs on a copy of its state.
  bool is_copy(const Client& client, const protocol::Incarnation& incarnation, Instant now) const;
  void leave_out(const std::string& what, const std::string& reason);
  Instant silence() const { return std::chrono::seconds(3 * pace_.heartbeat_seconds); }

  Effects on(const ClientId& from, const protocol::Hello& hello, Instant now);
  Effects on(const ClientId& from, const protocol::Contribute& contribute, Instant now);
  Effects on(const ClientId& from, const protocol::Offer& offer, Instant now);
  Effects on(const ClientId& from, const protocol::PayloadPart& part, Instant now);
  Effects on(const ClientId& from, const protocol::Want& want, Instant now);
  Effects on(const ClientId& from, const protocol::WantBlob& want, Instant now);
  Effects on(const ClientId& from, const protocol::Heartbeat& heartbeat, Instant now);
  Effects on(const ClientId& from, const protocol::Goodbye& goodbye, Instant now);
  Effects on(const ClientId& from, const protocol::StatusQuery& query, Instant now);
  template <typename Other>
  Effects on(const ClientId&, const Other&, Instant) {
    return {};  // what only aggregators say
  }

  // What the revisions that are being made take in.
  struct Taken {
    Revision revision{};  // the one at hand
    Bytes keys;           // of what it takes in, in the column "contributions"
    std::size_t bytes = 0;
  };
  Account brief_account(const ClientId& id, const Client& client, Instant now) const;
  struct TakenBack;
  // What the client said on the topics that are meant.
  void take_back(const ClientId& id, const std::function<bool(const Topic&)>& is_meant, TakenBack& taken);
  Effects finish(TakenBack&& taken, std::string_view what, Instant now);
  Effects forget(const ClientId& id, Client& client, Instant now);
  void note_forgetting(const Forgetting& forgetting, WriteSet& writes) const;
  // In seconds since 1970; 0: not known.
  std::uint64_t wall_clock(Instant now) const {
    return pace_.started == 0 ? 0 : pace_.started + static_cast<std::uint64_t>(now.count() / 1000);
  }

  struct Batch;
  Effects finish(const ClientId& from, const Client& client, Batch&& batch);
  void decide(const ClientId& from, Client& client, const Contribution& contribution, Batch& batch);
  // Whether the number is that of the client's next contribution; if not, says so, or what was decided on it.
  bool is_next(const ClientId& from, const Client& client, SequenceNumber sequence, const Digest& id, bool withdraws,
               Batch& batch);
  void repeat_verdict(const ClientId& from, const Client& client, SequenceNumber sequence, const Digest& id,
                      bool withdraws, Batch& batch);
  void refuse(const ClientId& from, Client& client, const Contribution& header, const Digest& id,
              const std::string& reason, Batch& batch);
  // Of the client's next contribution, whose parts are all there.
  void decide_uploaded(const ClientId& from, Client& client, const Uploads::Upload& upload, Bytes payload,
                       Batch& batch);
  Admission admit(const ClientId& from, const Contribution& contribution) const;
  // What there is to say against a contribution before its payload is here.
  std::optional<std::string> early_objection(const ClientId& from, const Contribution& header,
                                             std::uint64_t bytes) const;
  std::optional<Verdict> verdict_on(const ClientId& from, SequenceNumber sequence) const;
  // Accepts one contribution into revision `revision` and records it. `said`: see Catalogue::fold(). `there`: where its
  // payload lies already.
  void accept(Client& client, const Contribution& contribution, const Digest& id, Taken& taken, WriteSet& writes,
              std::unique_ptr<Decoded> said, const std::optional<Large>& there = std::nullopt);
  // Whether it takes back what was never said: it is decided, and leaves nothing but its number.
  bool withdraws_nothing(const Contribution& contribution) const {
    return contribution.withdraws() && !catalogue_.has(contribution.client, contribution.topic);
  }
  // The answer to a want of clients with this capacity; see Catalogue::changes.
  std::optional<protocol::Knowledge> page_of(const protocol::Want& want, const Capacity& capacity);
  // What is merged on the topic; by reference, if it is large, it goes onto the shelf.
  protocol::KnowledgeEntry entry_of(const Topic& topic, Revision changed, bool by_reference);
  // Makes room for a contribution: where it does not fit into the revision at hand, the next one begins.
  void begin_next_if_full(Taken& taken, const Contribution& contribution, WriteSet& writes);
  void record_revision(const Taken& taken, WriteSet& writes);
  // Whether its replica may have topics that have been forgotten since.
  bool is_too_old(const Client& client, Revision replica) const {
    return replica < catalogue_.forgotten() && client.began < catalogue_.forgotten();
  }
  // Notes when the client was last heard of, at most once in some minutes.
  void note_seen(const ClientId& from, Instant now, std::uint64_t every_seconds, WriteSet& writes);
  // What families have to say by now, contributed in the aggregator's own name.
  Effects step(Instant now);
  // The aggregator's next contributions.
  std::vector<Contribution> in_own_name(std::vector<OwnContribution> own_contributions);
  // One of these, and what it says if that has been read.
  struct Spoken {
    Contribution contribution;
    std::unique_ptr<Decoded> said;
  };
  // Accepts them. Pre: no objection.
  void say(std::span<Spoken> spoken, WriteSet& writes);
  Client& own();
  // Keeps what is on record, and merged into nothing, within its bounds.
  void drop_history(WriteSet& writes);
  Instant announcement() const;  // when one is due
  // Tells the clients that do not know it of the newest revision.
  void announce(Instant now, Effects& effects);
  // What holds after every event; throws BrokenInvariant.
  void check_invariants(Revision before, const Effects& effects) const;
  // Says who has fallen silent.
  void call_roll(Instant now, Effects& effects);
  Client* seen(const ClientId& from, Instant now);

  ClientId self_;
  const Store& store_;
  Limits limits_;
  Pace pace_;
  Catalogue catalogue_;
  Roster roster_;
  Verdicts verdicts_;
  Askers askers_;
  NoticeLimiter notices_;
  Uploads uploads_;
  History history_;
  Shelf shelf_;
  // What has gone onto the shelf, as of the revision in which it last changed: it is merged and hashed once.
  struct Shelved {
    Revision changed{};
    Digest digest;
    std::uint64_t bytes = 0;
  };
  std::map<Topic, Shelved> shelved_;
  struct Page {
    protocol::Want want;
    Capacity capacity;
    protocol::Knowledge knowledge;
  };
  std::list<Page> pages_;  // of pages_revision_, the latest first
  Revision pages_revision_{};
  Revision revision_{};
  Digest definition_;
  Revision announced_{};
  Instant last_announcement_ = Instant::min() / 2;
  Instant roll_call_{};                  // when the next is due
  std::vector<std::string> returns_;     // of who was silent, to be said with the next effects
  std::vector<std::string> complaints_;  // the first ones
  std::size_t left_out_ = 0;
};

}  // namespace outrider::aggregator
