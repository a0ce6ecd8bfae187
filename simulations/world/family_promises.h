// What a family promises beyond merging: each is recomputed from what was accepted, by other code than the family's
// coordinator. The ledger tells them what it sees.
#pragma once

#include <memory>
#include <vector>

#include "knowledge/contribution.h"
#include "protocol/messages.h"

namespace outrider::simulations {

class FamilyPromise {
 public:
  virtual ~FamilyPromise() = default;
  // Contributions may be about this space from now on. Definitions of other families are not looked at.
  virtual void open_space(const Digest& space, ByteView definition) = 0;
  // A piece of knowledge that the aggregator is published with, before its space is opened: it is taken as it is.
  virtual void given(const Topic& /*topic*/, ByteView /*payload*/) {}
  // Once for each accepted contribution, the aggregator's own and withdrawals too; of one client in rising sequence.
  virtual void accepted(const Contribution& contribution) = 0;
  // After an event, with what is merged now on the topics that may have changed. Throws Violation.
  virtual void check(const std::vector<protocol::KnowledgeEntry>& changed) = 0;
};

// A model of rounds is a function of its updates: the record that follows another is what the server's rule makes of
// that one and of the updates that were accepted for it and counted in no other; or it is the same model, where the
// round goes on or comes to nothing; or the first or the best one, where training diverged.
std::unique_ptr<FamilyPromise> promise_of_rounds();
// A growth is said once, never changes, and has grown from what its clients said.
std::unique_ptr<FamilyPromise> promise_of_growth();
// What is merged of a task changes only when somebody who teaches it says something of it.
std::unique_ptr<FamilyPromise> promise_of_masks();

std::vector<std::unique_ptr<FamilyPromise>> all_promises();

}  // namespace outrider::simulations
