#include "simulations/experiment/run_directory.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

std::string preparing_mistake(const fs::path& directory, const fs::path& scenario) {
  try {
    prepare_run_directory(directory, scenario);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(RunDirectory, IsMadeAnewFromAnEarlierRunOnly) {
  const TemporaryDirectory place;
  write_file(place.path() / "some.toml", "name = 1");
  const fs::path run = place.path() / "runs/some";
  EXPECT_THAT(preparing_mistake(run, place.path() / "some.toml"), HasSubstr("cannot be made anew"));
  EXPECT_FALSE(fs::exists(run.parent_path())) << "only what was asked for is made";
  fs::create_directory(run.parent_path());
  EXPECT_EQ(preparing_mistake(run, place.path() / "some.toml"), "");
  write_file(run / "report.json", "{}");
  EXPECT_EQ(preparing_mistake(run, place.path() / "some.toml"), "");
  EXPECT_FALSE(fs::exists(run / "report.json"));
  EXPECT_TRUE(fs::exists(run / "scenario.toml"));
  const fs::path other = place.path() / "photographs";
  fs::create_directories(other);
  write_file(other / "grandmother.jpg", "");
  EXPECT_THAT(preparing_mistake(other, place.path() / "some.toml"), HasSubstr("holds something other than an earlier"));
  EXPECT_TRUE(fs::exists(other / "grandmother.jpg"));
}

TEST(RunDirectory, BelongsToOneProcessAtATime) {
  const TemporaryDirectory place;
  write_file(place.path() / "some.toml", "name = 1");
  const fs::path run = place.path() / "run";
  const RunLock lock = prepare_run_directory(run, place.path() / "some.toml");
  EXPECT_THAT(preparing_mistake(run, place.path() / "some.toml"), HasSubstr("another process is at work"));
  EXPECT_TRUE(fs::exists(scenario_of_run(run)));
}

TEST(RunDirectory, HoldsACompleteRunWhenNothingIsMissing) {
  const TemporaryDirectory place;
  EXPECT_FALSE(is_complete(place.path()));
  save_report({{"figure", 1}}, {"1 of 2 seeds done", {"seed 2"}}, place.path());
  EXPECT_FALSE(is_complete(place.path()));
  save_report({{"figure", 1}}, {}, place.path());
  EXPECT_TRUE(is_complete(place.path()));
  write_file(place.path() / "report.json", "{\"complete\": true");
  EXPECT_FALSE(is_complete(place.path())) << "half a report";
}

TEST(RunDirectory, ThatCannotBeIsNamedBeforeTheWork) {
  const TemporaryDirectory place;
  const auto mistake = [](const std::filesystem::path& directory) {
    return objection_of([&] { require_run_or_nothing(directory); }).value_or("");
  };
  EXPECT_EQ(mistake(place.path() / "run"), "");
  EXPECT_EQ(mistake(place.path() / "run" / ""), "");
  EXPECT_EQ(mistake(place.path()), "");
  EXPECT_THAT(mistake(place.path() / "gone" / "run"), HasSubstr("there is no folder"));
  EXPECT_THAT(mistake("/proc/run"), HasSubstr("/proc/run cannot be made anew"));
  EXPECT_FALSE(std::filesystem::exists(place.path() / "gone"));
}

TEST(RunDirectory, SaysWhatCannotBeCopiedOrMade) {
  const TemporaryDirectory place;
  EXPECT_THAT(preparing_mistake(place.path() / "run", place.path() / "gone.toml"),
              testing::AllOf(HasSubstr("the scenario"), HasSubstr("gone.toml cannot be copied")));
  write_file(place.path() / "file", "");
  EXPECT_THAT(preparing_mistake(place.path() / "file/run", place.path() / "gone.toml"),
              HasSubstr("file/run cannot be made anew"));
}

}  // namespace
}  // namespace outrider::simulations
