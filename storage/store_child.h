// For the tests: this test executable once more, as another process that runs one of its disabled tests.
// A plain fork would not do: RocksDB's threads do not exist in the child.
#pragma once

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knowledge/child_process.h"

namespace outrider {

inline constexpr const char* kChildStore = "OUTRIDER_TEST_STORE";  // environment variable: where the child works

class StoreChild {
 public:
  StoreChild(const std::string& test, const std::filesystem::path& store)
      : process_(start("--gtest_filter=" + test, store)) {}
  ~StoreChild() { ::close(pipe_); }
  StoreChild(const StoreChild&) = delete;
  StoreChild& operator=(const StoreChild&) = delete;

  // The next number that the child reported; waits for it. Nothing when the child has ended.
  std::optional<std::uint64_t> next() {
    std::uint64_t number = 0;
    if (TEMP_FAILURE_RETRY(::read(pipe_, &number, sizeof(number))) != sizeof(number)) return std::nullopt;
    return number;
  }

  void kill() { process_.kill(); }

  // The exit status; -1 when a signal ended the child.
  int wait() {
    const int status = process_.wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // In the child: reports a number. Smaller than PIPE_BUF, so never torn.
  static void report(std::uint64_t number) {
    if (::write(kReport, &number, sizeof(number)) != sizeof(number)) throw std::runtime_error("nobody listens");
  }

 private:
  static constexpr int kReport = 3;  // ChildSurroundings::report

  ChildProcess start(const std::string& filter, const std::filesystem::path& store) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot create a pipe");
    pipe_ = ends[0];
    ::setenv(kChildStore, store.c_str(), 1);
    ChildProcess process("/proc/self/exe", {filter, "--gtest_also_run_disabled_tests", "--gtest_brief=1"},
                         {.output = STDOUT_FILENO, .errors = STDERR_FILENO, .report = ends[1]});
    ::close(ends[1]);
    return process;
  }

  int pipe_ = -1;
  ChildProcess process_;
};

}  // namespace outrider
