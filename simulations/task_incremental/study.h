// A scenario of another kind: tasks arrive one after the other, and one network is to know them all. Which methods are
// compared, on what, and how they learn.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "learners/encoders/encoder.h"
#include "simulations/scenario/data_source.h"
#include "simulations/scenario/setting.h"

namespace outrider::simulations {

enum class StudyMethod : std::uint8_t {
  supsup,       // a mask for each task over weights that nobody trains (Wortsman et al. 2020)
  exssnet,      // and then training of the weights that no earlier task uses (Yadav and Bansal 2022)
  exssnet_kkt,  // and the search for a mask starts from the known task that helps most (ibid.)
  fine_tuning,  // one dense network, trained on task after task
  ewc,          // likewise, with elastic weight consolidation (Kirkpatrick et al. 2017)
};

// As scenario files name it.
std::string_view name_of(StudyMethod method);
// Whether its tasks are masks, which have a density and travel through the federation.
bool uses_masks(StudyMethod method);

enum class TaskKind : std::uint8_t {
  split,     // every task has some of the classes, in the order of the data set's list
  permuted,  // every task has all classes, under an order of pixels of its own
};

struct TaskPlan {
  TaskKind kind = TaskKind::split;
  std::size_t count = 0;
  std::size_t classes_per_task = 2;  // split
  std::size_t train_pictures = 0;    // of each class; 0: all
  std::size_t test_pictures = 0;     // likewise
  std::size_t clients = 2;           // task t is learned by client t mod clients

  bool operator==(const TaskPlan&) const = default;
};

struct MaskPlan {
  std::vector<double> densities{0.1};
  std::size_t batch = 64;
  std::size_t mask_epochs = 10;
  float mask_rate = 0.01F;
  std::size_t weight_epochs = 10;
  float weight_rate = 0.001F;

  bool operator==(const MaskPlan&) const = default;
};

struct DensePlan {
  std::size_t epochs = 10;
  float rate = 0.001F;
  std::size_t batch = 64;
  float ewc_strength = 1000;
  std::size_t ewc_samples = 200;  // of each task, from which the importance of its weights is estimated

  bool operator==(const DensePlan&) const = default;
};

struct Study {
  std::string name;
  std::string title;
  std::vector<std::uint64_t> seeds{1};
  DataSource data;
  std::string architecture = "lenet-300-100";
  Preprocessing preprocessing{.input = {1, 28, 28}};
  TaskPlan tasks;
  MaskPlan supermask;
  DensePlan baselines;
  std::vector<StudyMethod> methods{StudyMethod::supsup, StudyMethod::exssnet, StudyMethod::exssnet_kkt,
                                   StudyMethod::fine_tuning, StudyMethod::ewc};
  int threads = 2;  // part of the result: see learners/nn/README.md

  bool operator==(const Study&) const = default;
};

// All of its settings, bound to it.
SettingTables settings_of(Study& study);

// Whether the scenario file is one of these: it has a table [tasks]. Throws InputError when it cannot be read as TOML.
bool is_study(const std::filesystem::path& file);

// Throws InputError as load_scenario.
Study load_study(const std::filesystem::path& file);

}  // namespace outrider::simulations
