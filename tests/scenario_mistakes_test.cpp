// Mistakes in a scenario file are named with the file and the line.
#include <ostream>

#include <gmock/gmock.h>

#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

struct Mistake {
  std::string name;
  std::string text;
  std::string line;
  std::vector<std::string> words;
};
void PrintTo(const Mistake& mistake, std::ostream* stream) {
  *stream << mistake.name;
}

class ScenarioFile : public ::testing::TestWithParam<Mistake> {};

TEST_P(ScenarioFile, WithAMistakeIsNamedWithItsLine) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "scenario.toml";
  write_text(file, GetParam().text);
  const Outcome outcome = run({"simulate", file.string(), "--output", (directory.path() / "out").string()});
  expect_complaint(outcome, kFailure, {file.string() + ":" + GetParam().line + ": "});
  for (const std::string& word : GetParam().words) EXPECT_THAT(outcome.errors, ::testing::HasSubstr(word));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "out"));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ScenarioFile,
    ::testing::Values(
        Mistake{"NoToml", "name = \"x\"\nseed =\n", "2", {"expected"}},
        Mistake{"Empty", "", "1", {"needs the key 'name'"}},
        Mistake{"NoData", "name = \"x\"\n", "1", {"needs the key 'data'"}},
        Mistake{"NoKind", "name = \"x\"\n[data]\npath = \"p\"\n", "2", {"data needs the key 'kind'"}},
        Mistake{"UnknownKey", "name = \"x\"\ncolour = 1\n[data]\nkind = \"mnist\"\n", "2", {"'colour'", "seed"}},
        Mistake{"UnknownKeyInTable",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n[mission]\nclients = 2\nrobots = 3\n",
                "6",
                {"mission", "'robots'", "clients"}},
        Mistake{"UnknownTable",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n[misson]\nclients = 2\n",
                "4",
                {"'misson'", "mission"}},
        Mistake{"TableIsNone", "name = \"x\"\ndata = 3\n", "2", {"data must be a table"}},
        Mistake{
            "WrongType", "name = \"x\"\nseed = \"one\"\n[data]\nkind = \"mnist\"\n", "2", {"seed", "a whole number"}},
        Mistake{"NumberInsteadOfText", "name = \"x\"\n[data]\nkind = 7\n", "3", {"data.kind", "a text"}},
        Mistake{"TextInsteadOfList",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n[pretraining]\nclasses = \"bag\"\n",
                "5",
                {"pretraining.classes", "a list of texts"}},
        Mistake{"OutOfRange",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n\n[mission]\nclients = 0\n",
                "6",
                {"mission.clients", "from 1 to 256"}},
        Mistake{"NegativeRate",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n[pretraining]\nlearning_rate = -0.5\n",
                "5",
                {"pretraining.learning_rate", "from"}},
        Mistake{"TasksAreNone", "name = \"x\"\ntasks = 3\n[data]\nkind = \"mnist\"\n", "2", {"tasks must be a table"}},
        Mistake{"UnknownKindOfTasks",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n[tasks]\nkind = \"turned\"\ncount = 2\n",
                "5",
                {"tasks.kind", "split", "permuted"}},
        Mistake{"UnknownMethodOfAStudy",
                "name = \"x\"\nmethods = [\"magic\"]\n[data]\nkind = \"mnist\"\n[tasks]\nkind = \"split\"\ncount = 2\n",
                "2",
                {"methods", "exssnet"}},
        Mistake{"DensityAboveOne",
                "name = \"x\"\n[data]\nkind = \"mnist\"\n[tasks]\nkind = \"split\"\ncount = 2\n[supermask]\ndensities "
                "= [2]\n",
                "8",
                {"supermask.densities", "to 1"}},
        Mistake{
            "StrategyThatIsNone",
            "name = \"x\"\n[rounds]\n[[setting]]\nname = \"s\"\ndata = \"mnist\"\n[[method]]\nname = \"m\"\nstrategy = "
            "\"best\"\n",
            "8",
            {"method.strategy", "'best'", "fedavg"}},
        Mistake{"GrowthWithoutRoom",
                "name = \"x\"\n[rounds]\n[[setting]]\nname = \"s\"\ndata = \"mnist\"\n[[method]]\nname = \"m\"\ngrow = "
                "true\n",
                "8",
                {"method.grow", "size is below 1"}},
        Mistake{"RoundsWithoutMethods",
                "name = \"x\"\n[rounds]\n[[setting]]\nname = \"s\"\ndata = \"mnist\"\n",
                "1",
                {"needs the key 'method'"}},
        Mistake{"NameWithSlash", "name = \"../x\"\n[data]\nkind = \"mnist\"\n", "1", {"name", "a directory"}}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(Simulate, NamesAScenarioFileThatIsMissingOrNoFile) {
  expect_complaint(run({"simulate", "/nowhere/scenario.toml"}), kFailure, {"/nowhere/scenario.toml"});
  expect_complaint(run({"simulate", "/usr"}), kFailure, {"/usr", "file"});
}

TEST(Simulate, DoesNotOverwriteWhatIsNoEarlierRun) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "scenario.toml", "name = \"x\"\n[data]\nkind = \"fashion-mnist\"\n");
  std::filesystem::create_directories(directory.path() / "out");
  write_text(directory.path() / "out/thesis.txt", "years of work");
  expect_complaint(
      run({"simulate", (directory.path() / "scenario.toml").string(), "--output", (directory.path() / "out").string()}),
      kFailure, {(directory.path() / "out").string(), "earlier run"});
  EXPECT_EQ(text_of_file(directory.path() / "out/thesis.txt"), "years of work");
}

TEST(Simulate, KnowsNoEpisodesInAStudy) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "study.toml";
  const std::string output = (directory.path() / "out").string();
  write_text(file, "name = \"x\"\n[data]\nkind = \"fashion-mnist\"\n[tasks]\nkind = \"split\"\ncount = 5\n");
  expect_complaint(run({"simulate", file.string(), "--output", output, "--episodes", "5"}), kFailure,
                   {"--episodes", file.string()});
  EXPECT_FALSE(std::filesystem::exists(output));
}

TEST(Simulate, ReadsScenariosOfAtMostOneMebibyte) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "long.toml").string();
  const std::string head = "name = \"x\"\n[data]\nkind = \"hats\"\n#";
  write_text(file, head + std::string((1U << 20U) - head.size(), '-'));
  expect_complaint(run({"simulate", file, "--check"}), kFailure, {file, "hats", "fashion-mnist"});
  write_text(file, head + std::string((1U << 20U) - head.size() + 1, '-'));
  expect_complaint(run({"simulate", file, "--check"}), kFailure, {file, "1048577 bytes; at most 1048576"});
}

TEST(Simulate, NamesAnUnknownKindOfDataSet) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "scenario.toml", "name = \"x\"\n[data]\nkind = \"hats\"\n");
  expect_complaint(
      run({"simulate", (directory.path() / "scenario.toml").string(), "--output", (directory.path() / "out").string()}),
      kFailure, {"hats", "fashion-mnist"});
}

}  // namespace
}  // namespace outrider::testing
