// Looks a state through from end to end: whether all that was acknowledged is there, and is what it was.
#pragma once

#include <memory>
#include <vector>

#include "knowledge/contribution.h"
#include "knowledge/family.h"
#include "storage/damages.h"
#include "storage/store.h"

namespace outrider::aggregator {

struct Verification {
  Damages damages;
  std::uint64_t decisions = 0;
  std::uint64_t payloads = 0;  // that were read and are the ones that their clients named; the rest are kept no longer
  std::uint64_t clients = 0;
  std::uint64_t topics = 0;
  std::uint64_t definitions = 0;
  Revision revision{};
  Digest knowledge;  // what the log refolds to; equal for equal knowledge
};

// Reads every record: that it is one, that each contribution is what its digest says, with all of its parts, that the
// log of revisions names what was accepted in it, that definitions are what they are called by, and that all of it
// folds to the newest revision. Changes nothing. Throws InputError where the store itself cannot be read.
Verification verify(const ClientId& self, const Store& store, const std::vector<std::unique_ptr<Family>>& families);

}  // namespace outrider::aggregator
