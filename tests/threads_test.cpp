// What OpenMP is told from outside: fewer threads than a program asks for must not make it wait for those for ever.
#include <csignal>
#include <regex>

#include <gmock/gmock.h>

#include "client/families/averaging/model_predictor.h"
#include "knowledge/error.h"
#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kOutrider = OUTRIDER_PROGRAM;

std::vector<std::string> pretraining(const std::filesystem::path& pictures, const std::string& threads,
                                     const std::filesystem::path& output) {
  return {"pretrain", "--kind",   "images",        "--path",   pictures.string(), "--way", "2",
          "--shots",  "5",        "--queries",     "5",        "--episodes",      "3",     "--threads",
          threads,    "--output", output.string(), "--replace"};
}

class LimitedThreads : public ::testing::TestWithParam<std::string> {
 protected:
  LimitedThreads() {
    for (const char* name : {"trouser", "bag"}) show(directory_.path() / "pictures", name, pictures_of(name, 0, 20));
  }
#ifdef __SANITIZE_THREAD__
  void SetUp() override {
    GTEST_SKIP() << "OpenMP's threads wait for each other by means that ThreadSanitizer does not see";
  }
#endif
  // With the setting in its environment.
  std::vector<std::string> limited(std::vector<std::string> arguments) const {
    std::vector<std::string> all{GetParam(), kOutrider};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }

  TemporaryDirectory directory_;
};

TEST_P(LimitedThreads, PretrainingEnds) {
  for (const char* threads : {"1", "2", "4"}) {
    const auto output = directory_.path() / "encoder.outrider";
    const Outcome outcome =
        run_program("/usr/bin/env", limited(pretraining(directory_.path() / "pictures", threads, output)));
    EXPECT_EQ(outcome.exit_code, 0) << threads << outcome.errors;
    EXPECT_TRUE(std::filesystem::exists(output));
  }
}

TEST_P(LimitedThreads, AClientTrainsPredictsAndStopsWhenItIsTold) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(run({"model", "--classes", "trouser", "bag", "--batch", "10", "--output", model}).exit_code, 0);
  const Process aggregator = site.start_aggregator(
      "tcp://127.0.0.1:*", {"--pretrained", model, "--cohort", "1", "--minimum", "1", "--round-seconds", "30"});
  Process client("/usr/bin/env",
                 limited({"client", "--aggregator", site.address(), "--data", (directory_.path() / "pictures").string(),
                          "--state", site.state("a").string(), "--name", "a", "--threads", "2"}));
  const auto rounds_known = [&]() -> std::uint64_t {
    try {
      return client::ModelPredictor(*open_store_read_only(site.state("a"))).round();
    } catch (const InputError&) {
      return 0;
    }
  };
  ASSERT_TRUE(eventually([&] { return rounds_known() >= 2; })) << client.errors();
  client.send(SIGTERM);
  const auto ended = client.wait(20s);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit_code, 0);
  const auto picture = std::filesystem::recursive_directory_iterator(directory_.path() / "pictures");
  for (const auto& entry : picture)
    if (entry.is_regular_file()) {
      EXPECT_EQ(
          run_program("/usr/bin/env", limited({"predict", "--state", site.state("a").string(), entry.path().string()}))
              .exit_code,
          0);
      break;
    }
}

INSTANTIATE_TEST_SUITE_P(OpenMp, LimitedThreads,
                         ::testing::Values("OMP_DYNAMIC=true", "OMP_THREAD_LIMIT=1", "OMP_THREAD_LIMIT=3",
                                           "OMP_MAX_ACTIVE_LEVELS=0", "OMP_NUM_THREADS=1"),
                         [](const auto& limit) {
                           std::string name = limit.param;
                           std::erase_if(name, [](char c) { return c == '_' || c == '='; });
                           return name;
                         });

TEST(ThreadShortage, IsSaidWithTheReason) {
  const TemporaryDirectory directory;
  for (const char* name : {"trouser", "bag"}) show(directory.path() / "pictures", name, pictures_of(name, 0, 20));
  std::vector<std::string> arguments{"OMP_THREAD_LIMIT=1", kOutrider};
  const auto command = pretraining(directory.path() / "pictures", "2", directory.path() / "encoder.outrider");
  arguments.insert(arguments.end(), command.begin(), command.end());
  EXPECT_THAT(run_program("/usr/bin/env", arguments).errors, ::testing::HasSubstr("OpenMP gives 1 of the 2 threads"));
}

TEST(ThreadShortage, OfAScenarioIsSaidToo) {
  const TemporaryDirectory directory;
  const auto scenario = directory.path() / "x.toml";
  for (const auto& [kind, threads] :
       std::vector<std::pair<std::string, int>>{{"mission", 3}, {"study", 3}, {"federation", 3}, {"rounds", 3}}) {
    std::filesystem::remove(scenario);
    ASSERT_EQ(run({"scenario", "new", "x", "--kind", kind, "--output", scenario.string()}).exit_code, 0);
    const std::string text = std::regex_replace(text_of_file(scenario), std::regex("(\n|\n#)threads = [0-9]+"),
                                                "\nthreads = " + std::to_string(threads));
    ASSERT_NE(text.find("threads = 3"), std::string::npos) << kind;
    write_text(scenario, text);
    // It ends at its data, or goes on: the sentence comes before.
    Process process("/usr/bin/env", {"OMP_THREAD_LIMIT=1", kOutrider, "simulate", scenario.string(), "--output",
                                     (directory.path() / kind).string()});
    EXPECT_TRUE(eventually([&] {
      return process.errors().find("OpenMP gives 1 of the 3 threads") != std::string::npos || !process.running();
    }));
    EXPECT_THAT(process.errors(), ::testing::HasSubstr("OpenMP gives 1 of the 3 threads")) << kind;
    process.send(SIGKILL);
  }
}

}  // namespace
}  // namespace outrider::testing
