#include "simulations/task_incremental/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulations/scenario/data_source.h"
#include "simulations/scenario/test_scenario_file.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;

constexpr const char* kTasks = "name = 'x'\n[data]\nkind = 'mnist'\n[tasks]\nkind = 'split'\ncount = 5\n";

using StudyFile = ScenarioFileTest<load_study>;

TEST_F(StudyFile, DefaultsStandWhereNothingIsSaid) {
  const Study study = load(kTasks);
  EXPECT_EQ(study.name, "x");
  EXPECT_EQ(study.tasks.kind, TaskKind::split);
  EXPECT_EQ(study.tasks.count, 5u);
  EXPECT_THAT(study.seeds, ElementsAre(1u));
  EXPECT_EQ(study.architecture, "lenet-300-100");
  EXPECT_THAT(study.methods, ElementsAre(StudyMethod::supsup, StudyMethod::exssnet, StudyMethod::exssnet_kkt,
                                         StudyMethod::fine_tuning, StudyMethod::ewc));
}

TEST_F(StudyFile, EverythingCanBeSaid) {
  const Study study = load(R"(
name = "all"
title = "All that can be said"
seeds = [3, 1]
methods = ["ewc", "exssnet-kkt"]
threads = 1
[data]
kind = "cifar10"
path = "somewhere"
[network]
architecture = "resnet18-gem"
input = "3x32x32"
invert = true
mean = 0.5
deviation = 0.25
[tasks]
kind = "permuted"
count = 7
train_pictures = 100
test_pictures = 50
clients = 3
[supermask]
densities = [0.05, 1]
batch = 32
mask_epochs = 2
mask_rate = 0.02
weight_epochs = 3
weight_rate = 0.003
[baselines]
epochs = 4
rate = 0.004
batch = 16
ewc_strength = 55
ewc_samples = 66
)");
  EXPECT_THAT(study.seeds, ElementsAre(3u, 1u));
  EXPECT_THAT(study.methods, ElementsAre(StudyMethod::ewc, StudyMethod::exssnet_kkt));
  EXPECT_EQ(study.preprocessing, (Preprocessing{{3, 32, 32}, true, 0.5F, 0.25F}));
  EXPECT_EQ(study.tasks.kind, TaskKind::permuted);
  EXPECT_EQ(study.tasks.clients, 3u);
  EXPECT_THAT(study.supermask.densities, ElementsAre(0.05, 1.0));
  EXPECT_EQ(study.supermask.weight_epochs, 3u);
  EXPECT_EQ(study.baselines.ewc_strength, 55.0F);
  EXPECT_EQ(study.baselines.ewc_samples, 66u);
}

TEST_F(StudyFile, IsKnownByItsTasks) {
  std::ofstream(file_) << kTasks;
  EXPECT_TRUE(is_study(file_));
  std::ofstream(file_) << "name = 'x'\n[data]\nkind = 'mnist'\n";
  EXPECT_FALSE(is_study(file_));
  EXPECT_THROW(is_study(directory_.path() / "nothing.toml"), InputError);
}

TEST_F(StudyFile, MistakesAreNamedWithTheLineAndWhatIsExpected) {
  const std::string tasks = kTasks;
  expect_complaint("name = 'x'\ntasks = 3\n[data]\nkind = 'mnist'\n", 2, {"tasks must be a table"});
  expect_complaint("name = 'x'\n[data]\nkind = 'mnist'\n[tasks]\ncount = 5\n", 4, {"tasks needs the key 'kind'"});
  expect_complaint("name = 'x'\n[data]\nkind = 'mnist'\n[tasks]\nkind = 'split'\n", 4, {"needs the key 'count'"});
  expect_complaint("name = 'x'\n[data]\nkind = 'mnist'\n[tasks]\nkind = 'rotated'\ncount = 5\n", 5,
                   {"tasks.kind", "one of split, permuted"});
  expect_complaint(tasks + "clients = 0\n", 7, {"tasks.clients", "from 1 to 256"});
  expect_complaint("name = 'x'\n[data]\nkind = 'mnist'\n[tasks]\nkind = 'permuted'\ncount = 5\nclasses_per_task = 2\n",
                   7, {"tasks.classes_per_task", "all classes"});
  expect_complaint(tasks + "[supermask]\ndensities = [0.1, 1.5]\n", 8,
                   {"supermask.densities", "different numbers from 0.0001 to 1"});
  expect_complaint(tasks + "[supermask]\ndensities = []\n", 8, {"supermask.densities"});
  expect_complaint(tasks + "[supermask]\ndensities = [0.1, 0.1]\n", 8, {"supermask.densities", "different"});
  expect_complaint(tasks + "[supermask]\nmask_epochs = 0\n", 8, {"supermask.mask_epochs", "from 1"});
  expect_complaint(tasks + "[baselines]\newc_strength = -1\n", 8, {"baselines.ewc_strength", "from 0"});
  expect_complaint(tasks + "[network]\ninput = '28'\n", 8, {"network.input", "CHANNELSxHEIGHTxWIDTH"});
  expect_complaint(tasks + "[mission]\nclients = 2\n", 7, {"no key 'mission'", "supermask"});
  expect_complaint("methods = ['exssnet', 'magic']\n" + tasks, 1, {"methods", "supsup, exssnet"});
  expect_complaint("methods = ['ewc', 'ewc']\n" + tasks, 1, {"methods", "different"});
  expect_complaint("methods = []\n" + tasks, 1, {"methods"});
  expect_complaint("seeds = [1, 2.5]\n" + tasks, 1, {"seeds", "different whole numbers"});
  expect_complaint("seeds = 1\n" + tasks, 1, {"seeds", "a list"});
  expect_complaint("seed = 1\n" + tasks, 1, {"no key 'seed'", "seeds"});
}

}  // namespace
}  // namespace outrider::simulations
