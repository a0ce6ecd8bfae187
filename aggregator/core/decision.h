// What the aggregator writes down: its decisions and its clients.
#pragma once

#include <optional>
#include <string>

#include "knowledge/capacity.h"
#include "knowledge/contribution.h"
#include "storage/parts.h"

namespace outrider::aggregator {

// The aggregator's last word on one (client, sequence). Never changes once durable, but that its payload may be
// dropped, and it, where nothing is merged from it (history.h), and that the operator may take back what is accepted.
struct Decision {
  Digest id;  // of the contribution
  std::optional<Contribution> accepted;
  std::optional<Large> large;  // if accepted: where the payload lies, which `accepted` then lacks
  bool dropped = false;        // if accepted: `accepted` lacks the payload, which is nowhere
  bool taken_back = false;  // if accepted: by the operator; `accepted` lacks the payload, and nothing is merged of it
  bool taught_before = false;  // if accepted, and without payload: a decision that is no longer kept had one
  Revision revision{};         // if accepted: the state that contains it first, or from which on it is taken back
  std::string refused;         // if not accepted: why

  bool is_accepted() const { return accepted.has_value(); }
};

struct ClientRecord {
  std::string name;
  SequenceNumber highest_decided{};
  Capacity capacity{};
  std::string version = {};  // of its program, as it said last
  std::uint64_t seen = 0;    // when it was last heard of, in seconds since 1970, give or take some minutes; 0: unknown
  bool removed = false;      // by the operator: not listed until it comes again
  std::uint64_t gone_accepted = 0;  // of its decisions that are no longer kept
  std::uint64_t gone_refused = 0;
};

// That something was taken back on the operator's word: not what it was.
struct Forgetting {
  std::uint64_t when = 0;  // in seconds since 1970; 0: not known
  std::string what;        // "a client", "a class"
  std::uint64_t contributions = 0;

  bool operator==(const Forgetting&) const = default;
};
inline constexpr std::size_t kMostForgettings = 10'000;  // on record, the latest

Bytes encode(const Forgetting& forgetting);
Bytes encode(const Decision& decision);
Bytes encode(const ClientRecord& record);
// Throw InputError when the bytes are not such a record.
Decision decode_decision(ByteView bytes);
ClientRecord decode_client_record(ByteView bytes);
Forgetting decode_forgetting(ByteView bytes);

// The accepted contribution with its payload. Throws InputError when that is dropped, or a part of it is missing.
Contribution whole(const Decision& decision, const Store& store);
// Of an accepted contribution's payload, wherever it lies; 0 for a withdrawal, and where it is dropped.
std::uint64_t payload_bytes(const Decision& decision);
// All but the payload.
Contribution header_of(const Contribution& contribution);

// The key in the column "contributions".
Bytes decision_key(const ClientId& client, SequenceNumber sequence);

}  // namespace outrider::aggregator
