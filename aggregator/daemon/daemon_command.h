// The verb `outrider aggregator`.
#pragma once

#include <string>

#include "aggregator/daemon/daemon.h"

namespace CLI {
class App;
}

namespace outrider::aggregator {

struct DaemonCommand {
  DaemonOptions daemon;
  std::string pretrained;    // empty: it is in the state
  std::string address_file;  // empty: none
};
// Pre: `options` have families, which outlive the app.
void add_options(CLI::App& app, DaemonCommand& options);
// Serves until SIGINT or SIGTERM. Returns the exit code; throws InputError as run_daemon() does.
int run_aggregator(const DaemonCommand& options);

}  // namespace outrider::aggregator
