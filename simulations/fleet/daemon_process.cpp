#include "simulations/fleet/daemon_process.h"

#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

ChildProcess start_daemon(const std::filesystem::path& program, std::vector<std::string> arguments,
                          const std::filesystem::path& log, std::optional<int> network_namespace) {
  if (::access(program.c_str(), X_OK) != 0) throw InputError("the program " + program.string() + " cannot be run");
  const int descriptor = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) throw InputError("the log " + log.string() + " cannot be written");
  // ctrl-C in the terminal is for the parent, which stops its daemons in order.
  ChildProcess process(
      program, std::move(arguments),
      {.output = descriptor, .errors = descriptor, .network_namespace = network_namespace, .own_group = true});
  ::close(descriptor);
  return process;
}

}  // namespace

DaemonProcess::DaemonProcess(const std::filesystem::path& program, std::vector<std::string> arguments,
                             const std::filesystem::path& log, std::optional<int> network_namespace)
    : process_(start_daemon(program, std::move(arguments), log, network_namespace)), log_(log) {}

void DaemonProcess::stop(std::chrono::milliseconds patience) {
  process_.send(SIGINT);
  const std::optional<int> status = process_.wait(patience);
  if (!status) {
    kill();
    throw InputError("a daemon did not stop in time; its log is " + log_.string());
  }
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0)
    throw InputError("a daemon failed; its log is " + log_.string());
}

}  // namespace outrider::simulations
