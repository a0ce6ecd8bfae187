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
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace outrider {

inline constexpr const char* kChildStore = "OUTRIDER_TEST_STORE";  // environment variable: where the child works
inline constexpr int kChildPipe = 3;                               // file descriptor on which the child reports

class ChildProcess {
 public:
  ChildProcess(const std::string& test, const std::filesystem::path& store) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot create a pipe");
    const std::string filter = "--gtest_filter=" + test;
    ::setenv(kChildStore, store.c_str(), 1);
    pid_ = ::fork();
    if (pid_ == 0) {
      // dup2 clears the flag that would close the copy on exec, but does nothing when both are the same.
      if (ends[1] == kChildPipe ? ::fcntl(kChildPipe, F_SETFD, 0) == 0 : ::dup2(ends[1], kChildPipe) == kChildPipe)
        ::execl("/proc/self/exe", "store_child", filter.c_str(), "--gtest_also_run_disabled_tests", "--gtest_brief=1",
                nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
    if (pid_ < 0) throw std::runtime_error("cannot fork");
  }
  ~ChildProcess() {
    kill();
    ::close(pipe_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next number that the child reported; waits for it. Nothing when the child has ended.
  std::optional<std::uint64_t> next() {
    std::uint64_t number = 0;
    ssize_t got = 0;
    do got = ::read(pipe_, &number, sizeof(number));
    while (got < 0 && errno == EINTR);
    if (got != sizeof(number)) return std::nullopt;
    return number;
  }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  // The exit status; -1 when a signal ended the child.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // In the child: reports a number. Smaller than PIPE_BUF, so never torn.
  static void report(std::uint64_t number) {
    if (::write(kChildPipe, &number, sizeof(number)) != sizeof(number)) throw std::runtime_error("nobody listens");
  }

 private:
  pid_t pid_ = 0;
  int pipe_ = -1;
};

}  // namespace outrider
