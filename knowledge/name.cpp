#include "knowledge/name.h"

#include <string>

#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider {

void check_name(std::string_view what, std::string_view name) {
  std::string reason = name.empty() ? "is empty" : utf8::objection(name, kMaxNameBytes).value_or("");
  if (!reason.empty())
    throw InputError(std::string(what) + " " + reason + "; expected a name of 1 to " + std::to_string(kMaxNameBytes) +
                     " bytes, UTF-8 without control characters");
}

}  // namespace outrider
