#include "knowledge/child_process.h"

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

namespace outrider {
namespace {

constexpr int kReport = 3;

// In the child only: the other descriptors are above those that it is given, so that none is overwritten before its
// turn.
int above_the_given(int descriptor) {
  return ::fcntl(descriptor < 0 ? ::open("/dev/null", O_RDWR) : descriptor, F_DUPFD, kReport + 1);
}

// After fork: only what is allowed there.
[[noreturn]] void become(const char* program, char* const* arguments, const ChildSurroundings& surroundings,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);  // it died before it could be watched
  if (surroundings.network_namespace && ::setns(*surroundings.network_namespace, CLONE_NEWNET) != 0) ::_exit(126);
  const int given[] = {above_the_given(surroundings.input), above_the_given(surroundings.output),
                       above_the_given(surroundings.errors), above_the_given(surroundings.report)};
  for (int place = 0; place <= kReport; ++place) ::dup2(given[place], place);
  // A connection that the child holds as well would not end when its parent closes it.
  ::close_range(surroundings.report < 0 ? kReport : kReport + 1, ~0U, 0);
  if (surroundings.own_group) ::setpgid(0, 0);
  ::execv(program, arguments);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::filesystem::path& program, std::vector<std::string> arguments,
                           const ChildSurroundings& surroundings) {
  std::string name = program.string();
  std::vector<char*> argv{name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0) become(name.c_str(), argv.data(), surroundings, parent);
  if (id_ < 0) throw InputError(std::string("a process cannot be started: ") + std::strerror(errno));
}

ChildProcess::~ChildProcess() {
  if (id_ > 0) kill();
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : id_(std::exchange(other.id_, -1)), status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  if (id_ > 0) kill();
  id_ = std::exchange(other.id_, -1);
  status_ = other.status_;
  return *this;
}

void ChildProcess::reap(int options) {
  int status = 0;
  if (!status_ && TEMP_FAILURE_RETRY(::waitpid(id_, &status, options)) == id_) status_ = status;
}

bool ChildProcess::running() {
  reap(WNOHANG);
  return !status_;
}

void ChildProcess::send(int signal) {
  if (running()) ::kill(id_, signal);
}

void ChildProcess::kill() {
  send(SIGKILL);
  reap(0);
}

int ChildProcess::wait() {
  reap(0);
  return status_.value();
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (running() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return status_;
}

}  // namespace outrider
