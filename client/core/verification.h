// Looks a client's state through from end to end: whether all that it has learned, said and fetched is there.
#pragma once

#include "knowledge/contribution.h"
#include "storage/damages.h"
#include "storage/store.h"

namespace outrider::client {

struct Verification {
  Damages damages;
  std::uint64_t contributions = 0;  // of its own, said or waiting
  std::uint64_t topics = 0;         // that it has knowledge of
  std::uint64_t definitions = 0;
  Revision revision{};  // up to which it knows
};

// Reads every record: that it is one, that what is large has all its parts and is what its digest says, and that
// definitions are what they are called by. Changes nothing. Throws InputError where the store itself cannot be read.
Verification verify(const Store& store);

}  // namespace outrider::client
