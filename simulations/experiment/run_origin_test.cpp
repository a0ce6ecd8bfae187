#include "simulations/experiment/run_origin.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"

namespace outrider::simulations {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RunOrigin : public testing::Test {
 protected:
  void SetUp() override { write_scenario("name = \"small\""); }

  std::filesystem::path run() const { return place_.path() / "run"; }
  void write_scenario(const std::string& text) { std::ofstream(place_.path() / "small.toml") << text; }
  SimulateOptions options(bool resume = false) const {
    SimulateOptions made;
    made.scenario = place_.path() / "small.toml";
    made.output = run();
    made.resume = resume;
    return made;
  }
  std::string objection(const SimulateOptions& chosen) const {
    return objection_of([&] { options_of_run(chosen, run()); }).value_or("");
  }

  TemporaryDirectory place_;
};

TEST_F(RunOrigin, GivesWhatTheRunBeganWith) {
  SimulateOptions began = options();
  began.seed = 7;
  began.data = "some/data";
  open_run(began, run(), "digest").put("seed 7", 1);
  const SimulateOptions resumed = options_of_run(options(true), run());
  EXPECT_EQ(resumed.seed, 7u);
  EXPECT_EQ(resumed.data, "some/data");
  EXPECT_FALSE(resumed.episodes);
  EXPECT_EQ(open_run(resumed, run(), "digest").get("seed 7"), nlohmann::json(1));
  EXPECT_FALSE(open_run(options(), run(), "digest").get("seed 7")) << "begun anew";
}

TEST_F(RunOrigin, ObjectsToAnotherRun) {
  EXPECT_THAT(objection(options(true)), HasSubstr("there is no run to resume in " + run().string()));
  SimulateOptions began = options();
  began.seed = 7;
  open_run(began, run(), "digest");
  SimulateOptions chosen = options(true);
  chosen.seed = 7;
  EXPECT_EQ(objection(chosen), "");
  chosen.seed = 8;
  EXPECT_THAT(objection(chosen), AllOf(HasSubstr("began with --seed 7"), HasSubstr("with --seed 8")));
  chosen = options(true);
  chosen.seeds = "1..5";
  EXPECT_THAT(objection(chosen), AllOf(HasSubstr("began without --seeds"), HasSubstr("with --seeds 1..5")));
  chosen = options(true);
  chosen.episodes = 5;
  EXPECT_THAT(objection(chosen), AllOf(HasSubstr("began without --episodes"), HasSubstr("with --episodes 5")));
  chosen = options(true);
  chosen.data = "elsewhere";
  EXPECT_THAT(objection(chosen), HasSubstr("elsewhere"));
  EXPECT_THROW(open_run(options(true), run(), "other digest"), InputError);
  write_scenario("name = \"small\"  # and changed");
  EXPECT_THAT(objection(options(true)), HasSubstr("is not the one that the run in"));
}

TEST_F(RunOrigin, ObjectsToADirectoryOfSomethingElse) {
  EXPECT_EQ(objection(options()), "");
  std::filesystem::create_directories(run());
  std::ofstream(run() / "thesis.txt") << "years of work";
  EXPECT_THAT(objection(options()), HasSubstr("holds something other than an earlier run"));
}

TEST_F(RunOrigin, ObjectsToARunOfAnotherVersion) {
  open_run(options(), run(), "digest");
  auto origin = nlohmann::json::parse(content_of_file(run() / "run.json"));
  origin["outrider"] = "0.0.1";
  std::ofstream(run() / "run.json") << origin;
  EXPECT_THAT(objection(options(true)), HasSubstr("begun by version 0.0.1"));
  origin["outrider"] = OUTRIDER_VERSION;
  origin["format"] = 0;
  std::ofstream(run() / "run.json") << origin;
  EXPECT_THAT(objection(options(true)), HasSubstr("keeps its results in format 0"));
}

TEST_F(RunOrigin, TellsTheCommandThatResumes) {
  SimulateOptions chosen = options();
  chosen.scenario = "it's here.toml";
  chosen.output = "out";
  EXPECT_THAT(how_to_resume(chosen, "out", "1 of 2 runs done"),
              AllOf(HasSubstr("interrupted with 1 of 2 runs done, which out/report.json holds"),
                    testing::EndsWith(" simulate 'it'\\''s here.toml' --resume --output out")));
}

}  // namespace
}  // namespace outrider::simulations
