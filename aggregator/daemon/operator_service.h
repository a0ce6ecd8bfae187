// What the operator asks, done on a core; the same at the door of a running aggregator and on the state of one that is
// not running.
#pragma once

#include <filesystem>
#include <functional>

#include "aggregator/core/core.h"
#include "aggregator/core/operator_messages.h"
#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

// Pre: all effects of the core so far are durable. `commit` makes durable what comes of it; what it throws passes
// through, everything that is wrong with the request becomes Failed.
OperatorAnswer serve_operator(Core& core, const OperatorRequest& request, Instant now,
                              const std::function<void(Effects)>& commit);

// Erases from the disk what has been taken back: the store may keep it for a while after the commit. Also at the start,
// where a crash came between. Throws InputError.
void erase_what_is_taken_back(Store& store);

// Of the aggregator of this state: of the one that runs, else on the state itself. Throws InputError with one sentence
// where it failed, where there is no such state, or where it is in use by one that does not answer.
OperatorAnswer ask_operator(const std::filesystem::path& state, const OperatorRequest& request,
                            const ServerFamilies& families);

}  // namespace outrider::aggregator
