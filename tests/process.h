// The program under test as a child process.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "knowledge/child_process.h"
#include "knowledge/temporary_directory.h"

namespace outrider::testing {

// How a program ended and what it said.
struct Outcome {
  int exit_code = -1;  // -1: a signal ended it
  int signal = 0;
  std::string output;
  std::string errors;
  std::chrono::milliseconds took{0};
};

// `outrider`, or another program, with these arguments. Runs from construction; killed by the destructor, and by the
// kernel when this process dies. Throws an exception when it cannot be started.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) : Process(OUTRIDER_PROGRAM, std::move(arguments)) {}
  Process(const std::string& program, std::vector<std::string> arguments);

  pid_t id() const { return process_.id(); }
  bool running() { return process_.running(); }
  // Of physical memory, since its start. While it runs.
  std::size_t peak_bytes() const;
  std::string output() const;
  std::string errors() const;

  void send(int signal) { process_.send(signal); }
  // How many files and connections it may have open from now on; it may have more than that already.
  void limit_descriptors(std::size_t most);
  std::size_t descriptors() const;
  // Nothing when it is still running after `patience`.
  std::optional<Outcome> wait(std::chrono::milliseconds patience);

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<TemporaryDirectory> said_ = std::make_unique<TemporaryDirectory>();
  ChildProcess process_;
};

// Runs `outrider` to its end. Throws std::runtime_error when that does not come within `patience`.
Outcome run(std::vector<std::string> arguments, std::chrono::milliseconds patience = std::chrono::seconds(50));

// Runs another program likewise.
Outcome run_program(std::string program, std::vector<std::string> arguments,
                    std::chrono::milliseconds patience = std::chrono::seconds(50));

// Asks again and again until it is so, at most for `patience`; returns whether it is.
template <typename Condition>
bool eventually(Condition&& condition, std::chrono::milliseconds patience = std::chrono::seconds(30));

std::string text_of_file(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, const std::string& text);

void rest(std::chrono::milliseconds duration);

template <typename Condition>
bool eventually(Condition&& condition, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    rest(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace outrider::testing
