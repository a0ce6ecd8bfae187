// The verb `outrider client`.
#pragma once

#include <string>

#include "client/daemon.h"

namespace CLI {
class App;
}

namespace outrider::client {

struct DaemonCommand {
  DaemonOptions daemon;
  std::string memory;   // of the device, as "64MB"; empty: unlimited
  std::string compute;  // operations a second, as "2G"; likewise
};
void add_options(CLI::App& app, DaemonCommand& options);
// Learns until SIGINT or SIGTERM. Returns the exit code; throws InputError as run_daemon() does.
int run_client(DaemonCommand options);

}  // namespace outrider::client
