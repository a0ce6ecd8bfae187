// How a kind of knowledge enters the platform: it says what it accepts and how contributions merge.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowledge/capacity.h"
#include "knowledge/contribution.h"
#include "knowledge/fact.h"
#include "knowledge/instant.h"
#include "knowledge/invariant.h"

namespace outrider {

// What a family itself adds to what clients say, for example that a round is over. The aggregator contributes it in its
// own name, so that it is on record and merges like everything else.
struct OwnContribution {
  Topic topic;  // of no kind: there is but a notice
  Bytes payload;
  std::string notice;  // for people, one sentence; may be empty
};

// Subjects that begin with this are the aggregator's: no client may contribute to them.
inline constexpr char kOwnSubject = '@';

// The clients that are connected.
struct PresentClient {
  ClientId id;
  Capacity capacity;
};
using Present = std::function<std::vector<PresentClient>()>;

// What a contribution says, decoded: once, when it is looked at, and then handed on to be merged.
class Decoded {
 public:
  virtual ~Decoded() = default;
};
template <typename Value>
class DecodedAs : public Decoded {
 public:
  explicit DecodedAs(Value what) : value(std::move(what)) {}
  Value value;
};
template <typename Value>
std::unique_ptr<Decoded> decoded(Value value) {
  return std::make_unique<DecodedAs<Value>>(std::move(value));
}
template <typename Value>
const Value& as(const Decoded& decoded) {
  const auto* known = dynamic_cast<const DecodedAs<Value>*>(&decoded);
  invariant(known != nullptr, "what a family has decoded is handed back to it");
  return known->value;
}
template <typename Value>
Value& as(Decoded& decoded) {
  return const_cast<Value&>(as<Value>(std::as_const(decoded)));
}

// A contribution that has been looked at.
struct Admission {
  std::optional<std::string> objection;  // why it cannot be merged, one sentence
  std::unique_ptr<Decoded> decoded;      // for Merge::take() where there is no objection and it has a payload
};

// The merged state of all topics of one kind. Its observable value is a pure function of the set of contributions put
// and not replaced or erased, bit for bit, whatever the order of the calls. Not thread-safe.
class Merge {
 public:
  virtual ~Merge() = default;

  // Makes contributions about `space` acceptable. `definition` is the blob with that digest, for example an encoder.
  // Returns why it cannot serve as this family's space, as one sentence; nothing if it can. Idempotent.
  virtual std::optional<std::string> open_space(const Digest& space, ByteView definition) = 0;

  // Whether `definition` is one of this family's, good or bad: then open_space() says what is wrong with it.
  virtual bool recognises(ByteView /*definition*/) const { return false; }

  // What it says. Throws InputError with the objection where it cannot be merged (shape, finiteness, size), whenever it
  // was contributed.
  virtual std::unique_ptr<Decoded> read(const Contribution& contribution) const = 0;
  // Why it cannot be merged now that it arrives, as one sentence; nothing if it can be. Not asked where a state is
  // restored.
  virtual std::optional<std::string> objection_to(const Contribution& /*contribution*/, const Decoded& /*said*/) const {
    return std::nullopt;
  }
  Admission admit(const Contribution& contribution) const;
  std::optional<std::string> objection(const Contribution& contribution) const { return admit(contribution).objection; }

  // What it is, for people, where its subject does not say it: "its update of round 7". Empty: the subject says it.
  // Asked of a contribution without objection, before it is put.
  virtual std::string describe(const Contribution& /*contribution*/) const { return {}; }

  // Takes a contribution without objection, and what read() made of it; replaces what the same client said on the same
  // topic, whatever the sequence numbers (the caller keeps the newest). Costs work in the size of the contribution, not
  // of the state.
  virtual void take(const Contribution& contribution, Decoded& said) = 0;
  // One that has not been looked at: as it is restored. Throws InputError as read() does; nothing has changed then.
  void put(const Contribution& contribution) { take(contribution, *read(contribution)); }

  // Forgets what the client said on the topic: afterwards the state is as if it had never been put. No-op if absent.
  virtual void erase(const ClientId& client, const Topic& topic) = 0;

  // The merged knowledge in wire form; empty when no client has any on this topic.
  virtual Bytes merged(const Topic& topic) const = 0;

  // What a client's payload on the topic takes at most, whatever it says: more is refused, and an offer of it before
  // anything of it is sent. Nothing: no client can say anything on it, for example since the space is not known.
  virtual std::optional<std::uint64_t> most_bytes(const Topic& /*topic*/) const { return UINT64_MAX; }

  // The examples that all clients together have learned the topic from; 0: this kind does not tell.
  virtual std::uint64_t examples(const Topic& /*topic*/) const { return 0; }

  // The examples that one contribution, which has been put, tells of; 0: this kind does not tell.
  virtual std::uint64_t examples_of(const Contribution& /*contribution*/) const { return 0; }

  // The rules, as a text, by which it merges, where they are a setting: where they are others than before, all that is
  // merged has changed. Empty: there are none.
  virtual std::string rules() const { return {}; }

  // How things stand in `space`, for people, for example the round that is under way.
  virtual std::vector<Fact> facts(const Digest& /*space*/, Instant /*now*/) const { return {}; }

  // What there is to say now in `space`, which is the one that clients learn in. Called after every message and at
  // deadline(), and again after what it said has been put, until it says nothing. A pure function of what has been put,
  // of who is present, and of the time.
  virtual std::vector<OwnContribution> step(const Digest& /*space*/, const Present& /*present*/, Instant /*now*/) {
    return {};
  }
  // A client that can do this is there: called when it comes, before step(). Present says so, too, but asking all
  // for it at every message would take long.
  virtual void client_joined(const Capacity& /*capacity*/) {}
  // Whether clients of this capacity are to have what is merged on the topic. Called for every topic that is sent.
  virtual bool visible_to(const Topic& /*topic*/, const Capacity& /*capacity*/) const { return true; }
  // When step() may have something to say although nothing has happened; kNever: not before something does.
  virtual Instant deadline() const { return kNever; }
};

class Family {
 public:
  virtual ~Family() = default;
  virtual std::string_view kind() const = 0;
  virtual std::unique_ptr<Merge> make_merge() const = 0;
};

}  // namespace outrider
