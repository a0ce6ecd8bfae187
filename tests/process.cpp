#include "tests/process.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
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

ChildProcess start_saying_to(const std::filesystem::path& directory, const std::string& program,
                             std::vector<std::string> arguments) {
  const int output = open_to_write(directory / "output");
  const int errors = open_to_write(directory / "errors");
  ChildProcess process(program, std::move(arguments), {.output = output, .errors = errors});
  ::close(output);
  ::close(errors);
  return process;
}

}  // namespace

Process::Process(const std::string& program, std::vector<std::string> arguments)
    : process_(start_saying_to(said_->path(), program, std::move(arguments))) {}

std::size_t Process::peak_bytes() const {
  std::ifstream status("/proc/" + std::to_string(id()) + "/status");
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

void Process::limit_descriptors(std::size_t most) {
  rlimit limit{};
  if (::prlimit(id(), RLIMIT_NOFILE, nullptr, &limit) == 0) limit.rlim_cur = most;
  if (::prlimit(id(), RLIMIT_NOFILE, &limit, nullptr) != 0) throw std::runtime_error("cannot limit descriptors");
}

std::size_t Process::descriptors() const {
  const std::filesystem::directory_iterator open("/proc/" + std::to_string(id()) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

std::optional<Outcome> Process::wait(std::chrono::milliseconds patience) {
  const std::optional<int> status = process_.wait(patience);
  if (!status) return std::nullopt;
  Outcome outcome;
  if (WIFEXITED(*status)) outcome.exit_code = WEXITSTATUS(*status);
  if (WIFSIGNALED(*status)) outcome.signal = WTERMSIG(*status);
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
