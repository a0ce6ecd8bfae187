// Asks an aggregator for its status.
#pragma once

#include <chrono>
#include <string>

#include "protocol/messages.h"

namespace outrider::client {

// Connects, asks, waits for the answer. Throws InputError when none comes in time or the aggregator speaks another
// version.
protocol::Status query_status(const std::string& aggregator, std::chrono::milliseconds patience);

}  // namespace outrider::client
