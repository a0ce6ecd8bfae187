#include "knowledge/child_process.h"

#include <algorithm>
#include <array>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace outrider {
namespace {

using namespace std::chrono_literals;

ChildProcess shell(const std::string& script, const ChildSurroundings& surroundings = {}) {
  return {"/bin/sh", {"-c", script}, surroundings};
}

// What is written to it comes out of it.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::string said() const {
    std::array<char, 200> text{};
    const ssize_t got = ::read(ends[0], text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  std::array<int, 2> ends{-1, -1};
};

TEST(ChildProcess, TellsHowItEnded) {
  EXPECT_EQ(WEXITSTATUS(shell("exit 3").wait()), 3);
  ChildProcess child = shell("kill -TERM $$");
  const int status = child.wait();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_FALSE(child.running());
  child.send(SIGTERM);  // nobody else is meant by its number
  EXPECT_EQ(child.wait(), status);
}

TEST(ChildProcess, ThatCannotBeRunEndsWith127) {
  EXPECT_EQ(WEXITSTATUS(ChildProcess("/no/such/program", {}, {}).wait()), 127);
}

TEST(ChildProcess, IsWaitedForNoLongerThanAskedAndThenKilled) {
  ChildProcess child = shell("exec sleep 1000");
  EXPECT_FALSE(child.wait(10ms));
  EXPECT_TRUE(child.running());
  const pid_t id = child.id();
  { const ChildProcess owner = std::move(child); }
  EXPECT_EQ(::kill(id, 0), -1);
}

TEST(ChildProcess, FindsWhatItIsGivenAndNothingElse) {
  const Pipe in;
  const Pipe out;
  const Pipe other;
  ASSERT_EQ(::write(in.ends[1], "word\n", 5), 5);
  ASSERT_EQ(::fcntl(other.ends[1], F_SETFD, 0), 0);  // would be inherited
  EXPECT_EQ(shell("read word; echo $word; echo error >&2",
                  {.input = in.ends[0], .output = out.ends[1], .errors = out.ends[1]})
                .wait(),
            0);
  EXPECT_EQ(out.said(), "word\nerror\n");
  EXPECT_EQ(ChildProcess("/bin/ls", {"/proc/self/fd"}, {.output = out.ends[1]}).wait(), 0);
  EXPECT_EQ(out.said(), "0\n1\n2\n3\n");  // the last is the folder that it reads
  EXPECT_EQ(shell("echo report >&3", {.report = out.ends[1]}).wait(), 0);
  EXPECT_EQ(out.said(), "report\n");
}

TEST(ChildProcess, ThatHasNeitherInputNorOutputReadsAndWritesNothing) {
  EXPECT_EQ(WEXITSTATUS(shell("echo lost; read word || exit 5").wait()), 5);
}

}  // namespace
}  // namespace outrider
