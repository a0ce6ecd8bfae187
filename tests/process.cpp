#include "tests/process.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace outrider::testing {
namespace {

int open_to_write(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) throw std::runtime_error("cannot write " + file.string());
  return descriptor;
}

// After fork: only what is allowed there.
[[noreturn]] void become(char* const* arguments, int output, int errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(125);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  // Sockets of the test's own: a connection that the program holds too does not end when the test closes it.
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Process::Process(std::string program, std::vector<std::string> arguments) {
  const int output = open_to_write(said_->path() / "output");
  const int errors = open_to_write(said_->path() / "errors");
  std::vector<char*> argv{program.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(argv.data(), output, errors, parent);
  ::close(output);
  ::close(errors);
  if (pid_ < 0) throw std::runtime_error(std::string("cannot start a process: ") + std::strerror(errno));
}

Process::~Process() {
  if (pid_ <= 0 || !running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      start_(other.start_),
      said_(std::move(other.said_)) {}

bool Process::running() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return !status_;
}

std::size_t Process::peak_bytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  std::size_t kilobytes = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> kilobytes;
  return kilobytes << 10;
}

std::string Process::output() const {
  return text_of_file(said_->path() / "output");
}

std::string Process::errors() const {
  return text_of_file(said_->path() / "errors");
}

void Process::send(int signal) {
  if (running()) ::kill(pid_, signal);
}

void Process::limit_descriptors(std::size_t most) {
  rlimit limit{};
  if (::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit) == 0) limit.rlim_cur = most;
  if (::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr) != 0) throw std::runtime_error("cannot limit descriptors");
}

std::size_t Process::descriptors() const {
  const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

std::optional<Outcome> Process::wait(std::chrono::milliseconds patience) {
  if (!eventually([this] { return !running(); }, patience)) return std::nullopt;
  Outcome outcome;
  if (WIFEXITED(*status_)) outcome.exit_code = WEXITSTATUS(*status_);
  if (WIFSIGNALED(*status_)) outcome.signal = WTERMSIG(*status_);
  outcome.output = output();
  outcome.errors = errors();
  outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
  return outcome;
}

Outcome run(std::vector<std::string> arguments, std::chrono::milliseconds patience) {
  return run_program(OUTRIDER_PROGRAM, std::move(arguments), patience);
}

Outcome run_program(std::string program, std::vector<std::string> arguments, std::chrono::milliseconds patience) {
  Process process(std::move(program), std::move(arguments));
  if (auto outcome = process.wait(patience)) return *std::move(outcome);
  throw std::runtime_error("the program did not end in time; it said: " + process.errors());
}

std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw std::runtime_error("cannot write " + file.string());
}

void rest(std::chrono::milliseconds duration) {
  std::this_thread::sleep_for(duration);
}

}  // namespace outrider::testing
