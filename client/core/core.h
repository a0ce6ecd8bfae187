// The client as a state machine without I/O: (event, now) -> what to write, what to send, what has become possible.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/core/backoff.h"
#include "client/core/fetch.h"
#include "client/core/incoming.h"
#include "client/core/outbox.h"
#include "client/core/replica.h"
#include "client/core/upload.h"
#include "knowledge/instant.h"
#include "learners/random.h"
#include "protocol/messages.h"
#include "storage/store.h"

namespace outrider::client {

// What an event causes. The shell commits `writes` first; then it sends `messages` and acts on the rest.
struct Effects {
  WriteSet writes;
  std::vector<protocol::Message> messages;
  std::vector<std::string> notices;  // for people, one sentence each
  std::optional<std::string>
      rejected;                     // why the aggregator does not let this client take part: there is no use in asking
  bool definition_arrived = false;  // Core::definition() is in the store now; what was learned with another must be
                                    // learned again

  void append(Effects later);
};

// What a learner made of the examples of one class.
struct Lesson {
  Topic topic;
  Bytes payload;  // for the aggregator; empty: takes back what was said before
  Bytes memory;   // the learner's own: what it needs to continue from here; empty with an empty payload: taken back
};

struct Timing {
  Instant first_retry{500};
  Instant longest_retry{15'000};
};

// Numbers of contributions and revisions beyond this are nobody's: what comes after them might be 0.
inline constexpr std::uint64_t kMostDecided = std::uint64_t{1} << 62;

// enrol -> sync -> learn -> contribute -> wait. Everything it has said survives a crash and is repeated until it is
// decided. Not thread-safe.
class Core {
 public:
  // Restores what `store` holds. `store` must outlive the core and change only by the core's own effects.
  // `version` is the program's, for people. With another capacity than before it asks for everything again: other parts
  // of it may be meant for it.
  // Throws InputError when the name is none that can be sent.
  Core(ClientId self, std::string name, const Store& store, Random jitter, Timing timing = {}, PartSizes sizes = {},
       Capacity capacity = {}, protocol::Incarnation incarnation = {}, std::string version = {});

  Effects receive(const protocol::Message& message, Instant now);
  // Sends what is due. Call it at the start and at deadline() or later.
  Effects tick(Instant now);
  Instant deadline() const;

  // There is another connection than before: what was sent and not answered is asked about at once, a hello soon.
  Effects reconnected(Instant now);
  // Takes a lesson: writes it down with its memory and contributes it. Nothing is lost once that is committed. Throws
  // InputError, and nothing has changed, when no message can carry it.
  Effects learned(Lesson lesson, Instant now);
  // Says goodbye; the core sends nothing more until the next tick.
  Effects leave();

  Digest definition() const { return definition_; }
  Revision replica() const { return replica_.revision(); }
  // The newest revision that the client has heard of.
  Revision newest() const { return newest_; }
  bool connected() const { return link_ == Link::established; }
  std::size_t undecided() const { return outbox_.undecided(); }

 private:
  enum class Link : std::uint8_t { seeking, established };

  Effects on(const protocol::Welcome& welcome, Instant now);
  Effects on(const protocol::Held& held, Instant now);
  Effects on(const protocol::Accepted& accepted, Instant now);
  Effects on(const protocol::Refused& refused, Instant now);
  Effects on(const protocol::Knowledge& knowledge, Instant now);
  Effects on(const protocol::BlobChunk& chunk, Instant now);
  Effects on(const protocol::Announce& announce, Instant now);
  Effects on(const protocol::Rejected& rejected, Instant now);
  template <typename Other>
  Effects on(const Other&, Instant) {
    return {};  // what only clients say, and what the shell answers
  }

  void check_sendable(const Lesson& lesson) const;
  // What mends a state that is damaged or of an earlier version, for the first event.
  Effects mended() { return std::exchange(mended_, {}); }
  void mend();
  void give_up_what_is_torn();
  void send_what_is_due(Instant now, Effects& effects);
  // What holds after every event; throws BrokenInvariant.
  void check_invariants(const Effects& effects) const;
  void send_contributions(Instant now, Effects& effects);
  void send_transfers(Instant now, Effects& effects);
  // Moves the replica on once everything that its next revision refers to is there.
  void apply_incoming(Instant now, Effects& effects);
  bool take_knowledge(const protocol::BlobChunk& chunk, Instant now, Effects& effects);
  bool uploads() const { return takes_offers_ && outbox_.first() != nullptr && outbox_.first()->large; }
  void send(protocol::Body body, Effects& effects) const { effects.messages.push_back({self_, std::move(body)}); }
  WriteSet agree_on(const protocol::Welcome& welcome, Effects& effects);
  void heard_of(Revision revision, const Digest& definition, Effects& effects);
  void adopt_definition(Effects& effects);
  void seek_again();
  void begin_conversation();

  ClientId self_;
  std::string name_;
  std::string version_;
  const Store& store_;
  Capacity capacity_;
  protocol::Incarnation incarnation_;
  Outbox outbox_;
  Replica replica_;
  Random jitter_;
  Digest definition_;    // in the store
  ClientId aggregator_;  // whose knowledge the replica holds; all zero: nobody's yet
  Timing timing_;
  PartSizes sizes_;
  PartialFetches partial_;
  std::optional<Fetch> arriving_;     // the definition that the aggregator wants used
  std::optional<Incoming> incoming_;  // what the replica's next revision refers to
  std::optional<Upload> upload_;      // of the first contribution that is undecided
  bool takes_offers_ = false;         // the aggregator does
  Link link_ = Link::seeking;
  std::uint64_t conversation_ = 0;  // that it tries to open
  Revision newest_{};
  Instant heartbeat_every_{5'000};
  Instant last_heard_{};
  Instant heartbeat_due_{};
  bool renumber_on_welcome_ = false;
  std::string turned_away_;  // why, as the aggregator said last; empty: it was not
  Backoff hello_;
  Backoff contribute_;
  Backoff want_;
  Effects mended_;
};

// What a learner wrote down with its last lesson on the topic; nothing if there was none.
std::optional<Bytes> lesson_memory(const Store& store, const Topic& topic);
// Calls visit(topic, memory) for the lessons of a kind in a space, sorted by subject.
void for_each_lesson(const Store& store, const std::string& kind, const Digest& space,
                     const std::function<void(const Topic&, ByteView memory)>& visit);
// The definition in a client's store; empty: none yet.
Digest stored_definition_id(const Store& store);
// What it is (knowledge/definition.h); nothing: none yet.
std::optional<Bytes> stored_definition(const Store& store);
// What its family reads of it.
std::optional<Bytes> stored_content(const Store& store);

}  // namespace outrider::client
