// What a client has learned, as an immutable record. Everything the aggregator knows is a fold over these.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"

namespace outrider {

// Names a client: the first 16 bytes of the digest of its public key.
struct ClientId {
  static constexpr std::size_t kSize = 16;
  std::array<std::uint8_t, kSize> bytes{};

  auto operator<=>(const ClientId&) const = default;
  std::string hex() const { return to_hex(bytes); }
  std::string brief() const { return hex().substr(0, 8); }
  ByteView view() const { return bytes; }

  static ClientId from_public_key(ByteView public_key);
  // Throws InputError unless `raw` has exactly 16 bytes.
  static ClientId from_bytes(ByteView raw);
};

// Counts one client's contributions: 1, 2, 3, … without gaps. 0 means "none yet".
enum class SequenceNumber : std::uint64_t {};
// Numbers the states of the aggregator: 0 is the empty state, each accepted batch makes the next.
enum class Revision : std::uint64_t {};

constexpr std::uint64_t number(SequenceNumber sequence) {
  return static_cast<std::uint64_t>(sequence);
}
constexpr std::uint64_t number(Revision revision) {
  return static_cast<std::uint64_t>(revision);
}
constexpr SequenceNumber next(SequenceNumber sequence) {
  return SequenceNumber{number(sequence) + 1};
}
constexpr Revision next(Revision revision) {
  return Revision{number(revision) + 1};
}

// Says which piece of knowledge something is about. Two contributions of one client with equal topics are versions of
// the same thing: the one with the higher sequence number counts.
struct Topic {
  std::string kind;     // the family, for example "prototype"
  Digest space;         // where it is comparable: the encoder's id, the base network's id
  std::string subject;  // within the space: a class name, a task name

  auto operator<=>(const Topic&) const = default;
};

struct Contribution {
  ClientId client;
  SequenceNumber sequence{};
  Revision learned_against{};  // the revision that the client had when it learned this
  Topic topic;
  Bytes payload;  // the family's wire form; empty withdraws what the client said before on this topic

  bool operator==(const Contribution&) const = default;
  bool withdraws() const { return payload.empty(); }
  // The content address over all fields.
  Digest id() const;
};

// A contribution as a store keeps it: a large payload lies elsewhere, and then contribution.payload is empty.
struct StoredContribution {
  Contribution contribution;
  Bytes parts;  // where the payload lies (storage/parts.h); empty: in the contribution
};

// The beginning of Contribution::id(), for a payload of `bytes` that is to follow in calls of more(); then finish().
void begin_id(Hasher& hasher, const Contribution& header, std::uint64_t bytes);

// The stored form (Cap'n Proto, contribution.capnp).
Bytes encode(const Contribution& contribution);
Bytes encode(const StoredContribution& stored);
StoredContribution decode_stored_contribution(ByteView bytes);
// Throws InputError when the bytes are not a contribution or exceed the limits of wire.h, as does the one above.
Contribution decode_contribution(ByteView bytes);

}  // namespace outrider
