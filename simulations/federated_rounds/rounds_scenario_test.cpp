#include "simulations/federated_rounds/rounds_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulations/scenario/test_scenario_file.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;

constexpr const char* kLeast = R"(name = "x"
[rounds]
[[setting]]
name = "s"
data = "mnist"
[[method]]
name = "m"
)";

using RoundsFile = ScenarioFileTest<load_rounds>;

TEST_F(RoundsFile, DefaultsStandWhereNothingIsSaid) {
  const RoundsScenario scenario = load(kLeast);
  EXPECT_EQ(scenario.plan, RoundsPlan());
  EXPECT_EQ(scenario.growth, GrowthPlan());
  ASSERT_EQ(scenario.settings.size(), 1u);
  EXPECT_EQ(scenario.settings[0].architecture, "lenet5");
  EXPECT_EQ(scenario.settings[0].partition.kind, PartitionKind::iid);
  ASSERT_EQ(scenario.methods.size(), 1u);
  EXPECT_EQ(scenario.methods[0].strategy, averaging::Strategy());
  EXPECT_EQ(scenario.methods[0].encoding, averaging::Encoding::kFloat32);
}

TEST_F(RoundsFile, EverythingCanBeSaid) {
  const RoundsScenario scenario = load(R"(
name = "all"
title = "All that can be said"
seeds = [3, 1]
threads = 4
[rounds]
rounds = 7
measure_every = 2
late = 0.25
central = false
[growth]
patience = 2
gain = 0.1
factor = 1.5
[[setting]]
name = "speakers"
data = "fsdd"
path = "somewhere"
architecture = "conv4"
input = "1x32x32"
invert = true
mean = 0.5
deviation = 0.25
clients = 6
partition = "natural"
pictures_per_client = 9
train_pictures = 100
test_pictures = 50
cohort = 6
batch = 8
epochs = 2
rate = 0.1
[[setting]]
name = "few"
data = "mnist"
partition = "shards"
shards_per_client = 3
[[method]]
name = "small"
strategy = "fedadam rate 0.01; late sqrt limit 2"
precision = "int8"
widths = [1, 0.5]
size = 0.25
nested = true
masked = true
grow = true
new_channels = true
[[method]]
name = "plain"
[merging]
settings = ["few"]
architecture = "lenet5"
size = 0.5
templates = 3
own = 0
shared = 10
batch = 16
epochs = 2
merged_epochs = 3
rate = 0.01
)");
  EXPECT_THAT(scenario.seeds, ElementsAre(3u, 1u));
  EXPECT_EQ(scenario.threads, 4);
  EXPECT_EQ(scenario.plan, (RoundsPlan{7, 2, 0.25, false}));
  EXPECT_EQ(scenario.growth, (GrowthPlan{2, 0.1, 1.5}));
  ASSERT_EQ(scenario.settings.size(), 2u);
  const RoundsSetting& speakers = scenario.settings[0];
  EXPECT_EQ(speakers.data, (DataSource{"fsdd", "somewhere"}));
  EXPECT_EQ(speakers.preprocessing, (Preprocessing{{1, 32, 32}, true, 0.5F, 0.25F}));
  EXPECT_EQ(speakers.partition.kind, PartitionKind::natural);
  EXPECT_EQ(speakers.partition.pictures_per_client, 9u);
  EXPECT_EQ(speakers.clients, 6u);
  EXPECT_EQ(speakers.epochs, 2u);
  EXPECT_EQ(scenario.settings[1].partition.shards_per_client, 3u);
  ASSERT_EQ(scenario.methods.size(), 2u);
  const RoundsMethod& small = scenario.methods[0];
  EXPECT_EQ(small.strategy, averaging::parse_strategy("fedadam rate 0.01; late sqrt limit 2"));
  EXPECT_EQ(small.encoding, averaging::Encoding::kInt8);
  EXPECT_THAT(small.widths, ElementsAre(1, 0.5));
  EXPECT_EQ(small.size, 0.25);
  EXPECT_TRUE(small.nested && small.masked);
  EXPECT_TRUE(small.grow);
  EXPECT_TRUE(small.new_channels);
  EXPECT_TRUE(small.new_channels);
  EXPECT_EQ(scenario.merging, (MergingPlan{{"few"}, "lenet5", 0.5, 3, 0, 10, 16, 2, 3, 0.01F}));
}

TEST_F(RoundsFile, MergingIsDoneInAllSettingsUnlessTheyAreNamed) {
  EXPECT_FALSE(load(kLeast).merging);
  EXPECT_THAT(load(std::string(kLeast) + "[merging]\n").merging->settings, ElementsAre("s"));
}

TEST_F(RoundsFile, AMistakeIsNamedWithItsLine) {
  const std::string least = kLeast;
  expect_complaint(least + "widths = [0.5, 2]\n", 8, {"method.widths", "0.0625 to 1"});
  expect_complaint(least + "widths = [0.5, 0.6]\n", 8, {"method.widths", "0.75, 0.5"});
  expect_complaint(least + "strategy = \"scaffold\"\nwidths = [0.5]\n", 9, {"method.widths", "whole networks"});
  expect_complaint(least + "precision = \"double\"\n", 8, {"method.precision", "float32", "float16", "int8"});
  expect_complaint(least + "[[method]]\nname = \"m\"\n", 9, {"method.name", "no other"});
  expect_complaint(least + "[[method]]\nname = \"central\"\n", 9, {"method.name", "central"});
  expect_complaint(least + "[[setting]]\nname = \"t\"\ndata = \"mnist\"\nclients = 4\n", 11,
                   {"setting.clients", "cohort of 10", "4 clients"});
  expect_complaint(least + "[[setting]]\nname = \"t\"\ndata = \"mnist\"\nalpha = 1\n", 11,
                   {"setting.alpha", "partition is dirichlet"});
  expect_complaint(least + "[merging]\nsettings = [\"t\"]\n", 9, {"merging.settings", "'t'"});
  expect_complaint(least + "strategy = \"scaffold\"\nsize = 0.5\ngrow = true\n", 10, {"method.grow", "scaffold"});
  expect_complaint(least + "new_channels = true\n", 8, {"method.new_channels", "grow"});
}

}  // namespace
}  // namespace outrider::simulations
