#include "knowledge/versions.h"

#include <capnp/common.h>
#include <sodium.h>
#include <utf8proc.h>

namespace outrider {

std::vector<Fact> versions_of_knowledge() {
  return {{"Cap'n Proto", std::to_string(CAPNP_VERSION_MAJOR) + "." + std::to_string(CAPNP_VERSION_MINOR) + "." +
                              std::to_string(CAPNP_VERSION_MICRO)},
          {"libsodium", sodium_version_string()},
          {"utf8proc", utf8proc_version()}};
}

}  // namespace outrider
