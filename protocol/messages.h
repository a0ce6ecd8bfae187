// What clients and the aggregator say to each other. Plain values; codec.h turns them into bytes (outrider.capnp).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "knowledge/contribution.h"

namespace outrider::protocol {

inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::uint16_t kOldestSupportedVersion = 1;

// client -> aggregator
struct Hello {  // opens or reopens a conversation
  std::string name;
  Revision replica{};
};
struct Contribute {  // answered by Accepted and Refused; repeated until then
  std::vector<Contribution> contributions;
};
struct Want {  // what has changed since a revision: answered by Knowledge
  Revision since{};
};
struct WantBlob {  // part of a blob: answered by BlobChunk
  Digest blob;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};
struct Heartbeat {  // I am here, this is what I have; answered by Announce
  Revision replica{};
  SequenceNumber last_accepted{};
};
struct Goodbye {};
struct StatusQuery {};

// aggregator -> client
struct Welcome {
  Revision revision{};
  Digest encoder;                      // empty: none yet
  SequenceNumber highest_accepted{};   // of this client: its next contribution has a higher number
  std::uint32_t heartbeat_seconds = 5;
};
struct Accepted {  // durable; never needs to be sent again
  std::vector<SequenceNumber> sequences;
  Revision revision{};  // contains them
};
struct Refused {  // sequence 0: the whole message
  SequenceNumber sequence{};
  std::string reason;
  bool permanent = true;  // false: send it again later
};
struct KnowledgeEntry {
  Topic topic;
  Bytes payload;  // merged, in the family's wire form; empty: withdrawn
  bool operator==(const KnowledgeEntry&) const = default;
};
struct Knowledge {  // everything that changed after `since` up to and including `through`; entries sorted by topic
  Revision since{};
  Revision through{};
  std::vector<KnowledgeEntry> entries;
};
struct BlobChunk {
  Digest blob;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  // 0: no such blob
  Bytes content;
};
struct Announce {
  Revision revision{};
  Digest encoder;
};
struct Unsupported {  // to a peer of another version
  std::uint16_t oldest = kOldestSupportedVersion;
  std::uint16_t newest = kVersion;
  std::string sentence;
};
struct ClientStatus {
  ClientId client;
  std::string name;
  SequenceNumber highest_accepted{};
  Revision replica{};
  bool connected = false;
  std::uint32_t seconds_since_seen = 0;
};
struct TopicStatus {
  Topic topic;
  std::uint32_t contributors = 0;
  Revision changed{};
};
struct Status {
  Revision revision{};
  Digest encoder;
  std::vector<ClientStatus> clients;
  std::vector<TopicStatus> topics;
};

using Body = std::variant<Hello, Contribute, Want, WantBlob, Heartbeat, Goodbye, StatusQuery, Welcome, Accepted, Refused,
                          Knowledge, BlobChunk, Announce, Unsupported, Status>;

// One frame on the wire. `client` is the sender or, from the aggregator, the addressee.
struct Message {
  ClientId client;
  Body body;
};

}  // namespace outrider::protocol
