// Asks an aggregator for its status.
#pragma once

#include <chrono>
#include <string>

#include "protocol/messages.h"

namespace outrider::client {

// Connects and asks for one page after the other, up to 2,000; more_clients and more_topics say whether something is
// missing. Throws InputError when no answer comes in time or the aggregator speaks another version.
protocol::Status query_status(const std::string& aggregator, std::chrono::milliseconds patience);

}  // namespace outrider::client
