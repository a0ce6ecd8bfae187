// The verb `outrider aggregator`.
#pragma once

#include <cstdint>
#include <string>

#include "aggregator/daemon/daemon.h"

namespace CLI {
class App;
}

namespace outrider::aggregator {

struct DaemonCommand {
  DaemonOptions daemon;
  std::string pretrained;  // empty: it is in the state
  std::uint32_t round_seconds = 60;
  std::string address_file;  // empty: none
};
void add_options(CLI::App& app, DaemonCommand& options);
// Serves until SIGINT or SIGTERM. Returns the exit code; throws InputError as run_daemon() does.
int run_aggregator(const DaemonCommand& options);

}  // namespace outrider::aggregator
