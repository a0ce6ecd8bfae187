#include "simulations/daemon_process.h"

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

// After fork: only what is allowed there.
[[noreturn]] void become(const char* program, char* const* arguments, int log, pid_t parent,
                         const std::optional<int>& network_namespace) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);  // it died before it could be watched
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (network_namespace && ::setns(*network_namespace, CLONE_NEWNET) != 0) ::_exit(126);
  ::setpgid(0, 0);  // ctrl-C in the terminal is for the parent, which stops its daemons in order
  ::execv(program, arguments);
  ::_exit(127);
}

}  // namespace

DaemonProcess::DaemonProcess(const std::filesystem::path& program, std::vector<std::string> arguments,
                             const std::filesystem::path& log, std::optional<int> network_namespace)
    : log_(log) {
  if (::access(program.c_str(), X_OK) != 0) throw InputError("the program " + program.string() + " cannot be run");
  const int descriptor = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) throw InputError("the log " + log.string() + " cannot be written");
  std::string name = program.string();
  std::vector<char*> argv{name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(name.c_str(), argv.data(), descriptor, parent, network_namespace);
  ::close(descriptor);
  if (pid_ < 0) throw InputError(std::string("a process cannot be started: ") + std::strerror(errno));
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) kill();
}

DaemonProcess::DaemonProcess(DaemonProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), log_(std::move(other.log_)) {}

DaemonProcess& DaemonProcess::operator=(DaemonProcess&& other) noexcept {
  if (this == &other) return *this;
  if (pid_ > 0) kill();
  pid_ = std::exchange(other.pid_, -1);
  status_ = other.status_;
  log_ = std::move(other.log_);
  return *this;
}

void DaemonProcess::reap(bool wait) {
  int status = 0;
  if (!status_ && TEMP_FAILURE_RETRY(::waitpid(pid_, &status, wait ? 0 : WNOHANG)) == pid_) status_ = status;
}

bool DaemonProcess::running() {
  reap(false);
  return !status_.has_value();
}

void DaemonProcess::stop(std::chrono::milliseconds patience) {
  if (running()) ::kill(pid_, SIGINT);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (running() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const bool late = running();
  if (late) kill();
  if (late) throw InputError("a daemon did not stop in time; its log is " + log_.string());
  if (!WIFEXITED(*status_) || WEXITSTATUS(*status_) != 0)
    throw InputError("a daemon failed; its log is " + log_.string());
}

void DaemonProcess::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  reap(true);
}

}  // namespace outrider::simulations
