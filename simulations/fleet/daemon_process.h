// A daemon as a child process.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "knowledge/child_process.h"

namespace outrider::simulations {

// Runs from construction; killed by the destructor, and by the kernel when the parent dies. Move-only.
class DaemonProcess {
 public:
  // `arguments` without the program's name; output and errors go to the end of `log`. It lives in the network namespace
  // of the descriptor (nothing: this process's). Throws InputError when the program cannot be started or the log cannot
  // be written.
  DaemonProcess(const std::filesystem::path& program, std::vector<std::string> arguments,
                const std::filesystem::path& log, std::optional<int> network_namespace = {});

  pid_t pid() const { return process_.id(); }
  bool running() { return process_.running(); }

  // Asks it to stop as ctrl-C does and waits. Throws InputError, naming the log, if it does not end in time (it is
  // killed then) or ends with a failure.
  void stop(std::chrono::milliseconds patience);
  // kill -9, and waits.
  void kill() { process_.kill(); }

 private:
  ChildProcess process_;
  std::filesystem::path log_;
};

}  // namespace outrider::simulations
