// What clients and the aggregator say to each other. Plain values; codec.h turns them into bytes (outrider.capnp).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "knowledge/capacity.h"
#include "knowledge/contribution.h"
#include "knowledge/fact.h"

namespace outrider::protocol {

inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::uint16_t kOldestSupportedVersion = 1;

// One run of a client on its state. Devices that run on copies of one state have one id; this tells them apart.
struct Incarnation {
  std::uint64_t number = 0;  // drawn at random when the client starts, not 0; 0: from one that knows nothing of it
  std::vector<std::uint64_t> earlier;  // of the runs before on this state, the latest first, at most kMaxEarlier
  bool relocated = false;              // the state lies elsewhere than in the run before: it was copied or moved

  static constexpr std::size_t kMaxEarlier = 16;

  bool operator==(const Incarnation&) const = default;
};

// client -> aggregator
struct Hello {  // opens or reopens a conversation
  std::string name;
  Revision replica{};
  std::uint64_t conversation = 0;  // drawn at random, not 0; 0: from a client that knows nothing of it
  Capacity capacity{};             // of the device
  Incarnation incarnation{};
  std::string version = {};  // of the program; empty: from a client of before
};
struct Contribute {  // answered by Accepted and Refused; repeated until then
  std::vector<Contribution> contributions;
};
struct Offer {              // a contribution whose payload travels in parts: answered by Held, Accepted or Refused
  Digest contribution;      // its id
  Contribution header;      // without the payload
  std::uint64_t bytes = 0;  // of the payload
  std::uint64_t attempt = 0;
};
struct PayloadPart {  // of the payload of the contribution that was offered last: answered by Held
  Digest contribution;
  std::uint64_t offset = 0;
  std::uint64_t attempt = 0;  // of the latest offer before it
  Bytes content;
};
struct Want {  // what has changed since a revision: answered by Knowledge
  Revision since{};
  bool by_reference = false;  // large payloads may come as KnowledgeEntry::digest
  bool paged = false;         // the answer may end within a revision: Knowledge::up_to
  Topic after{};              // of the revision after `since` what follows this topic; empty: all of it
};
struct WantBlob {  // part of a blob: answered by BlobChunk
  Digest blob;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};
struct Heartbeat {  // I am here, this is what I have; answered by Announce
  Revision replica{};
  std::uint32_t outbox = 0;  // contributions not yet decided
};
struct Goodbye {};
struct StatusQuery {         // answered by Status, a page of it
  ClientId clients_after{};  // the clients whose ids follow this; all zero: from the first
  Topic topics_after{};      // likewise; empty: from the first
};

// aggregator -> client
struct Welcome {
  ClientId aggregator;  // which state this is: another id means that nothing known before applies
  Revision revision{};
  Digest definition;                 // empty: none yet
  SequenceNumber highest_decided{};  // of this client: accepted or refused for good; its next contribution is one more
  std::uint32_t heartbeat_seconds = 5;
  std::uint64_t conversation = 0;  // of the Hello that it answers, so that one which comes late is known to be old
  bool takes_offers = false;       // false: from an aggregator of before; everything travels in Contribute
};
struct Held {  // how much of an offered payload is durable
  Digest contribution;
  std::uint64_t bytes = 0;
  std::uint32_t part_bytes = 0;  // how long parts must be, all but the last; they begin at multiples of it
  std::uint32_t window = 0;      // so many parts may follow before the next Held; 0: not now, offer it again later
  std::uint64_t attempt = 0;     // of what it answers
  bool to_offer = false;         // else to a part
  bool lost = false;             // the part did not follow what is held: one before it is lost
};
struct Accepted {                     // durable; never needs to be sent again
  std::vector<Digest> contributions;  // their ids, in the order of their sequence numbers
  Revision revision{};                // contains them
};
struct Refused {
  Digest contribution;  // its id
  std::string reason;
  bool permanent = true;  // true: decided, the number is used up; false: send it again later
};
struct KnowledgeEntry {
  Topic topic;
  Bytes payload;            // merged, in the family's wire form; empty and no digest: withdrawn
  Digest digest{};          // of a payload that is fetched with WantBlob; empty: it is here
  std::uint64_t bytes = 0;  // its size
  bool operator==(const KnowledgeEntry&) const = default;
};
// Everything that changed after `since` up to and including `through`; entries sorted by topic. With `after`, of the
// revision after `since` only what follows that topic; with `up_to`, of the revision after `through` also the topics up
// to and including that one.
struct Knowledge {
  Revision since{};
  Revision through{};
  std::vector<KnowledgeEntry> entries;
  Topic after{};
  Topic up_to{};
};
struct BlobChunk {
  Digest blob;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  // 0: no such blob
  Bytes content;
};
struct Announce {
  ClientId aggregator;
  Revision revision{};
  Digest definition;
};
struct Unsupported {  // to a peer of another version
  std::uint16_t oldest = kOldestSupportedVersion;
  std::uint16_t newest = kVersion;
  std::string sentence;
};
struct Rejected {  // to a hello: the client cannot take part; the sentence says why. Sent since clients say
                   // incarnations
  std::string sentence;
  std::uint64_t conversation = 0;  // of that hello; 0: from an aggregator of before
};
struct ClientStatus {
  ClientId client;
  std::string name;
  SequenceNumber highest_decided{};
  Revision replica{};
  std::uint32_t outbox = 0;  // contributions that it has not delivered yet, as it said last
  bool connected = false;
  std::uint32_t seconds_since_seen = 0;
  Capacity capacity{};          // as it said last
  std::string version = {};     // of its program, likewise
  std::uint64_t accepted = 0;   // contributions
  std::uint64_t refused = 0;    // for good
  std::uint64_t last_seen = 0;  // seconds since 1970, give or take some minutes; 0: not known
};
struct TopicStatus {
  Topic topic;
  std::uint32_t contributors = 0;
  Revision changed{};
  std::uint64_t examples = 0;  // that it was learned from; 0: its kind does not tell
};
struct Status {  // a page of it
  ClientId aggregator;
  Revision revision{};
  Digest definition;
  std::vector<ClientStatus> clients;  // sorted by id
  std::vector<TopicStatus> topics;    // sorted
  bool more_clients = false;          // after the last of these
  bool more_topics = false;
  std::uint64_t all_clients = 0;    // how many there are; 0: from an aggregator of before, which tells them all
  std::uint64_t all_topics = 0;     // likewise
  std::uint64_t usable_topics = 0;  // those in the space that clients learn in now
  std::vector<Fact> facts = {};
};

using Body =
    std::variant<Hello, Contribute, Offer, PayloadPart, Want, WantBlob, Heartbeat, Goodbye, StatusQuery, Welcome, Held,
                 Accepted, Refused, Knowledge, BlobChunk, Announce, Unsupported, Status, Rejected>;

// One frame on the wire. `client` is the sender or, from the aggregator, the addressee.
struct Message {
  ClientId client;
  Body body;
};

}  // namespace outrider::protocol
