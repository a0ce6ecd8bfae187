// Kinds of scenarios by their names, and by those that they had before.
#include "simulations/scenario_command.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulations/kinds.h"

namespace outrider::simulations {
namespace {

using ::testing::HasSubstr;

// What is said of it on the way.
std::string parse(const std::string& kind, NewScenarioOptions& options) {
  CLI::App app;
  add_options(app, options);
  testing::internal::CaptureStderr();
  std::string objection;
  try {
    app.parse("x --kind " + kind);
  } catch (const CLI::ParseError& error) {
    objection = error.what();
  }
  return testing::internal::GetCapturedStderr() + objection;
}

TEST(ScenarioCommand, KnowsEveryKindByItsNameAndSilently) {
  const ExperimentKinds all = kinds();
  for (std::size_t i = 0; i < all.size(); ++i) {
    NewScenarioOptions options;
    EXPECT_EQ(parse(all[i].name, options), "");
    EXPECT_EQ(options.kind, static_cast<KindNumber>(i));
  }
}

TEST(ScenarioCommand, ReadsEarlierNamesAndSaysTheNewOnes) {
  for (const ExperimentKind& kind : kinds()) {
    NewScenarioOptions by_name;
    NewScenarioOptions by_earlier_name;
    parse(kind.name, by_name);
    EXPECT_EQ(parse(kind.earlier_name, by_earlier_name),
              "outrider: the kind '" + kind.earlier_name + "' is now called '" + kind.name + "'\n");
    EXPECT_EQ(by_earlier_name.kind, by_name.kind);
  }
}

TEST(ScenarioCommand, NamesTheKindsWhereItKnowsNone) {
  NewScenarioOptions options;
  EXPECT_THAT(parse("federated-round", options), HasSubstr("did you mean"));
  EXPECT_THAT(parse("nonsense", options),
              HasSubstr("class-incremental, federated-rounds, task-incremental, virtual-fleet"));
}

}  // namespace
}  // namespace outrider::simulations
