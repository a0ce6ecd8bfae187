// A family as small as one can be: it counts pictures of classes. All of it stands in this folder; that it can be added
// to real daemons without another line is what the test shows.
#pragma once

#include <memory>

#include "aggregator/daemon/server_family.h"
#include "client/client_family.h"

namespace outrider::toy {

inline constexpr std::string_view kCounterKind = "counter";
// Whoever teaches a class of this name finds out what becomes of an aggregator that is wrong about itself.
inline constexpr std::string_view kBreaking = "break the aggregator";

std::unique_ptr<aggregator::ServerFamily> counter_at_aggregators();
std::unique_ptr<client::ClientFamily> counter_at_clients();

}  // namespace outrider::toy
