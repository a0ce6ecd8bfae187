#include "protocol/versions.h"

#include <string>

#include <boost/version.hpp>
#include <zmq.h>

namespace outrider::protocol {

std::vector<Fact> versions() {
  int major = 0, minor = 0, patch = 0;
  zmq_version(&major, &minor, &patch);
  return {{"ZeroMQ", std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch)},
          {"Boost", std::to_string(BOOST_VERSION / 100'000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "." +
                        std::to_string(BOOST_VERSION % 100)}};
}

}  // namespace outrider::protocol
