#include "simulations/study.h"

#include <array>

#include "simulations/scenario_file.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 5> kStudyMethods{"supsup", "exssnet", "exssnet-kkt", "fine-tuning", "ewc"};
constexpr std::array<std::string_view, 2> kTaskKinds{"split", "permuted"};

void read_study_root(const TomlFile& file, Study& study) {
  TomlReader reader(file.root(), file.path(), "the scenario");
  read_name(reader, study.name);
  reader.require("data");
  reader.read("title", study.title);
  reader.read_integers("seeds", study.seeds, 0, INT64_MAX);
  reader.read_integer("threads", study.threads, 1, 1024);
  reader.read_choices("methods", kStudyMethods, study.methods);
  for (const char* table : {"data", "network", "tasks", "supermask", "baselines"}) reader.know(table);
  reader.finish();
}

void read_network(TomlReader& reader, Study& study) {
  reader.read("architecture", study.architecture);
  read_input(reader, study.preprocessing.input);
  reader.read("invert", study.preprocessing.invert);
  reader.read_number("mean", study.preprocessing.mean, -10, 10);
  reader.read_number("deviation", study.preprocessing.deviation, 1e-3, 10);
}

void read_tasks(TomlReader& reader, TaskPlan& tasks) {
  reader.require("kind");
  reader.require("count");
  reader.read_choice("kind", kTaskKinds, tasks.kind);
  reader.read_integer("count", tasks.count, 2, 1000);
  if (tasks.kind == TaskKind::permuted && reader.has("classes_per_task"))
    reader.complain("classes_per_task", "left out: permuted tasks have all classes");
  reader.read_integer("classes_per_task", tasks.classes_per_task, 2, 10'000);
  reader.read_integer("train_pictures", tasks.train_pictures, 0, 1'000'000);
  reader.read_integer("test_pictures", tasks.test_pictures, 0, 1'000'000);
  reader.read_integer("clients", tasks.clients, 1, 256);
}

void read_supermask(TomlReader& reader, MaskPlan& supermask) {
  reader.read_numbers("densities", supermask.densities, 1e-4, 1);
  reader.read_integer("batch", supermask.batch, 1, 100'000);
  reader.read_integer("mask_epochs", supermask.mask_epochs, 1, 100'000);
  reader.read_number("mask_rate", supermask.mask_rate, 1e-6, 10);
  reader.read_integer("weight_epochs", supermask.weight_epochs, 1, 100'000);
  reader.read_number("weight_rate", supermask.weight_rate, 1e-6, 10);
}

void read_baselines(TomlReader& reader, DensePlan& baselines) {
  reader.read_integer("epochs", baselines.epochs, 1, 100'000);
  reader.read_number("rate", baselines.rate, 1e-6, 10);
  reader.read_integer("batch", baselines.batch, 1, 100'000);
  reader.read_number("ewc_strength", baselines.ewc_strength, 0, 1e9);
  reader.read_integer("ewc_samples", baselines.ewc_samples, 1, 1'000'000);
}

}  // namespace

std::string_view name_of(StudyMethod method) {
  return kStudyMethods[static_cast<std::size_t>(method)];
}

bool uses_masks(StudyMethod method) {
  return method != StudyMethod::fine_tuning && method != StudyMethod::ewc;
}

bool is_study(const std::filesystem::path& file) {
  return TomlFile(file).root().contains("tasks");
}

Study load_study(const std::filesystem::path& path) {
  const TomlFile file(path);
  Study study;
  read_study_root(file, study);
  read_data(file, study.data);
  file.table("network", [&](TomlReader& reader) { read_network(reader, study); });
  file.table("tasks", [&](TomlReader& reader) { read_tasks(reader, study.tasks); });
  file.table("supermask", [&](TomlReader& reader) { read_supermask(reader, study.supermask); });
  file.table("baselines", [&](TomlReader& reader) { read_baselines(reader, study.baselines); });
  return study;
}

}  // namespace outrider::simulations
