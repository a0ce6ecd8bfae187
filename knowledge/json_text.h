// JSON as text, the one way in which this program writes it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace outrider {

// Whatever strings it holds: bytes of theirs that are no UTF-8 become \xFF, as everywhere where text is shown, for
// paths may be any bytes and JSON may not. indent: spaces a level; -1: all on one line.
std::string json_text(const nlohmann::json& value, int indent = -1);

}  // namespace outrider
