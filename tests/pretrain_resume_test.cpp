// Pre-training that ctrl-C, SIGTERM or kill -9 ends goes on where it was, and gives the file of one that nothing ended.
#include <csignal>

#include <gmock/gmock.h>

#include "knowledge/whole_file.h"
#include "learners/prototypical/partial_training.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"
#include "tests/process.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class ResumedPretraining : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"trouser", "bag"}) show(path("pictures"), name, pictures_of(name, 0, 20));
  }

  fs::path path(const std::string& name) const { return directory_.path() / name; }
  fs::path partial() const { return path("x.outrider.partial"); }
  std::vector<std::string> pretraining(const std::string& output, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"pretrain",
                                 "--kind",
                                 "images",
                                 "--path",
                                 path("pictures").string(),
                                 "--threads",
                                 "1",
                                 "--output",
                                 path(output).string(),
                                 "--keep-every",
                                 "0"};
    for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
             {"--way", "2"}, {"--shots", "5"}, {"--queries", "5"}, {"--episodes", "200"}, {"--halve-every", "50"}})
      if (std::ranges::find(more, option) == more.end()) more.insert(more.end(), {option, value});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  // Sends the signal once more of it is kept than before.
  Outcome stop(int signal) {
    const std::string before = fs::exists(partial()) ? text_of_file(partial()) : "";
    Process process(pretraining("x.outrider"));
    EXPECT_TRUE(eventually([&] { return fs::exists(partial()) && text_of_file(partial()) != before; }))
        << process.errors();
    process.send(signal);
    const auto outcome = process.wait(20s);
    EXPECT_TRUE(outcome) << "does not stop";
    return outcome.value_or(Outcome{});
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(ResumedPretraining, GivesTheFileOfOneThatNothingEnded) {
  ASSERT_EQ(run(pretraining("whole.outrider")).exit_code, 0);
  EXPECT_FALSE(fs::exists(path("whole.outrider.partial")));

  EXPECT_EQ(stop(SIGKILL).signal, SIGKILL);
  EXPECT_EQ(fs::status(partial()).permissions(), fs::perms(0600));
  EXPECT_FALSE(fs::exists(path("x.outrider")));
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const Outcome stopped = stop(signal);
    EXPECT_EQ(stopped.exit_code, code) << stopped.errors;
    EXPECT_THAT(stopped.errors, HasSubstr(" of 200 episodes, which " + partial().string() + " holds; this goes on: " +
                                          OUTRIDER_PROGRAM + " pretrain --kind images --path "));
    EXPECT_THAT(stopped.errors, HasSubstr("--output " + path("x.outrider").string() + "\n"));
    EXPECT_FALSE(fs::exists(path("x.outrider")));
  }
  const Outcome resumed = run(pretraining("x.outrider"));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_THAT(resumed.errors, HasSubstr("goes on after "));
  EXPECT_EQ(text_of_file(path("x.outrider")), text_of_file(path("whole.outrider")));
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(ResumedPretraining, TheCommandThatIsShownGoesOn) {
  const std::string shown = stop(SIGINT).errors;
  const std::size_t at = shown.find("this goes on: ");
  ASSERT_NE(at, std::string::npos) << shown;
  const Outcome resumed = run_program("/bin/sh", {"-c", shown.substr(at + std::string("this goes on: ").size())});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_THAT(resumed.errors, HasSubstr("goes on after "));
  ASSERT_EQ(run(pretraining("whole.outrider")).exit_code, 0);
  EXPECT_EQ(text_of_file(path("x.outrider")), text_of_file(path("whole.outrider")));
}

TEST_F(ResumedPretraining, IsRefusedWhereItWouldBeAnother) {
  stop(SIGINT);
  const std::string held = text_of_file(partial());
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
           {"--shots", "4"}, {"--episodes", "201"}, {"--seed", "7"}, {"--mean", "0.5"}, {"--learning-rate", "0.01"}})
    expect_complaint(run(pretraining("x.outrider", {option, value})), kFailure,
                     {partial().string(), option + " (", value + " here)", "--restart"});
  show(path("pictures"), "bag", pictures_of("bag", 20, 1));
  expect_complaint(run(pretraining("x.outrider")), kFailure, {partial().string(), "the pictures (", "--restart"});
  EXPECT_EQ(text_of_file(partial()), held) << "what there was is kept";
  const Outcome anew = run(pretraining("x.outrider", {"--episodes", "3", "--restart"}));
  EXPECT_EQ(anew.exit_code, 0) << anew.errors;
  EXPECT_THAT(anew.errors, Not(HasSubstr("goes on after")));
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(ResumedPretraining, FromADamagedFileIsRefusedWithWhatCanBeDone) {
  ASSERT_EQ(run(pretraining("other", {"--episodes", "1"})).exit_code, 0);
  std::string flipped = text_of_file(path("other"));
  for (const std::string& content : {std::string("no training"), std::string(), flipped, flipped.substr(0, 100)}) {
    write_text(partial(), content);
    expect_complaint(run(pretraining("x.outrider")), kFailure, {partial().string(), "remove it", "--restart"});
    EXPECT_EQ(text_of_file(partial()), content);
  }
  EXPECT_EQ(run(pretraining("x.outrider", {"--episodes", "1", "--restart"})).exit_code, 0);
  EXPECT_EQ(text_of_file(path("x.outrider")), text_of_file(path("other")));
}

}  // namespace
}  // namespace outrider::testing
