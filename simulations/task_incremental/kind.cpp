#include "simulations/task_incremental/kind.h"

#include "simulations/scenario/scenario_template.h"
#include "simulations/task_incremental/study_run.h"

namespace outrider::simulations {
namespace {

constexpr const char* kIntroductionOfStudy =
    "Task-incremental learning, a study: tasks come one after the other, and one network is to know them all; methods "
    "are compared. Masks "
    "travel through the federation as they do in the field.";

// In a function of its own: the compiler takes a temporary where it is used for one that may not be initialized.
Study usual_study() {
  Study usual;
  usual.seeds = {1};
  return usual;
}

std::string example_study(const std::string& name) {
  Study example;
  example.name = name;
  example.title = kExampleTitle;
  example.data = example_data();
  example.seeds = {1, 2, 3};
  example.preprocessing.mean = kFashionMean;
  example.preprocessing.deviation = kFashionDeviation;
  example.tasks.count = 5;
  example.tasks.train_pictures = 1000;
  Study usual = usual_study();
  return scenario_template(kIntroductionOfStudy, settings_of(example), settings_of(usual));
}

}  // namespace

ExperimentKind task_incremental() {
  return {.name = "task-incremental",
          .earlier_name = "study",
          .meaning = "methods learn one task after the other",
          .table = "tasks",
          .open = open_as<StudyExperiment>,
          .example = example_study};
}

}  // namespace outrider::simulations
