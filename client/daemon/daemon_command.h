// The verb `outrider client`.
#pragma once

#include "client/daemon/daemon.h"

namespace CLI {
class App;
}

namespace outrider::client {

// Pre: `options` have families, which outlive the app.
void add_options(CLI::App& app, DaemonOptions& options);
// Learns until SIGINT or SIGTERM. Returns the exit code; throws InputError as run_daemon() does.
int run_client(const DaemonOptions& options);

}  // namespace outrider::client
