// The client as a daemon: the core on a loop with a ZeroMQ socket and a RocksDB store, and a learner beside it.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "client/client_family.h"

namespace outrider::client {

struct DaemonOptions {
  std::string aggregator;                      // tcp://HOST:PORT, with #KEY if it is on another machine
  LearnerOptions learner;                      // its data folder is watched; it exists
  std::filesystem::path state;                 // created if it does not exist
  std::string name;                            // for people; empty: the host's
  std::chrono::milliseconds look_every{1000};  // at the data folder
  Capacity capacity{};                         // of the device
  std::shared_ptr<ClientFamilies> families;    // that it can learn with, and their options
};

// Learns, contributes and keeps up until SIGINT or SIGTERM; goes on where it was stopped or killed. Throws InputError
// when it cannot start, or when the aggregator speaks another version of the protocol.
void run_daemon(DaemonOptions options);

}  // namespace outrider::client
