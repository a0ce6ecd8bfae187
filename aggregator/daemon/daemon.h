// The aggregator as a server: the core on a loop with a ZeroMQ socket and a RocksDB store.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/core/core.h"
#include "aggregator/daemon/server_family.h"

namespace outrider::aggregator {

struct DaemonOptions {
  std::filesystem::path state;                  // created if it does not exist
  std::string listen = "tcp://127.0.0.1:7700";  // "*" as port: any free one
  bool replace = false;  // `pretrained` may be another than the state's: all clients learn anew with it
  std::optional<std::filesystem::path> pretrained;  // what clients learn with
  Limits limits;
  Pace pace;
  std::shared_ptr<ServerFamilies> families;  // that it serves, and their options
  // Called once, when clients can connect, with the addresses to give to them, the best first: each can be used as it
  // is.
  std::function<void(const std::vector<std::string>& addresses)> on_ready = {};
};

// Serves until SIGINT or SIGTERM. Every acknowledgement leaves after its write is durable; messages that arrive
// together share one commit. Throws InputError when it cannot start (state in use, address in use, no such file).
void run_daemon(DaemonOptions options);

}  // namespace outrider::aggregator
