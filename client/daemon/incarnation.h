// Tells the runs of a client on its state apart, so that devices with copies of one state are noticed.
#pragma once

#include <filesystem>

#include "protocol/messages.h"
#include "storage/store.h"

namespace outrider::client {

// Begins a run on the state in this directory: draws its number and keeps it, durably, beside where the state lies (its
// inode and the machine's id). Throws InputError when it cannot be kept.
protocol::Incarnation begin_incarnation(Store& store, const std::filesystem::path& state);

}  // namespace outrider::client
