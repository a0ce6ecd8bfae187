// What an aggregator says of itself, for people and for programs.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "protocol/messages.h"

namespace outrider {

nlohmann::json as_json(const protocol::Status& status);

// `now`: seconds since 1970. Clients that have not been heard of for a week are only counted unless `all` is wanted.
std::string status_text(const protocol::Status& status, std::uint64_t now, bool all);

}  // namespace outrider
