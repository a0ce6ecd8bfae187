// A client's core whose aggregator is a vandal: nothing that it is told may make it throw, say what cannot be sent, or
// grow without a bound.
#pragma once

#include "simulations/world/vandal.h"
#include "simulations/world/virtual_disk.h"

namespace outrider::simulations {

// Stands alone, outside of the network.
class MisledClient {
 public:
  MisledClient(const WorldOptions& options, std::uint32_t client) : options_(options), client_(client) {}

  // Is told the vandal's lessons and answers, one after the other. Throws Violation.
  void suffer(Vandal& vandal, Instant now);

 private:
  void boot(Vandal& vandal, Instant now);
  void take(const client::Effects& effects);

  const WorldOptions& options_;
  std::uint32_t client_;
  VirtualDisk disk_;
  std::unique_ptr<client::Core> core_;
  std::uint32_t lives_ = 0;
};

}  // namespace outrider::simulations
