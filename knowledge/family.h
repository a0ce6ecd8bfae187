// How a kind of knowledge enters the platform: it says what it accepts and how contributions merge.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "knowledge/contribution.h"

namespace outrider {

// The merged state of all topics of one kind. Its observable value is a pure function of the set of contributions put
// and not replaced or erased, bit for bit, whatever the order of the calls. Not thread-safe.
class Merge {
 public:
  virtual ~Merge() = default;

  // Makes contributions about `space` acceptable. `definition` is the blob with that digest, for example an encoder.
  // Returns why it cannot serve as this family's space, as one sentence; nothing if it can. Idempotent.
  virtual std::optional<std::string> open_space(const Digest& space, ByteView definition) = 0;

  // Why this contribution cannot be merged (shape, finiteness, size), as one sentence; nothing if it can be.
  virtual std::optional<std::string> objection(const Contribution& contribution) const = 0;

  // Takes a contribution without objection; replaces what the same client said on the same topic, whatever the
  // sequence numbers (the caller keeps the newest). Costs work in the size of the contribution, not of the state.
  virtual void put(const Contribution& contribution) = 0;

  // Forgets what the client said on the topic: afterwards the state is as if it had never been put. No-op if absent.
  virtual void erase(const ClientId& client, const Topic& topic) = 0;

  // The merged knowledge in wire form; empty when no client has any on this topic.
  virtual Bytes merged(const Topic& topic) const = 0;
};

class Family {
 public:
  virtual ~Family() = default;
  virtual std::string_view kind() const = 0;
  virtual std::unique_ptr<Merge> make_merge() const = 0;
};

}  // namespace outrider
