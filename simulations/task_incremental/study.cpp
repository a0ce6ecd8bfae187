#include "simulations/task_incremental/study.h"

#include <array>

#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 5> kStudyMethods{"supsup", "exssnet", "exssnet-kkt", "fine-tuning", "ewc"};
constexpr std::array<std::string_view, 2> kTaskKinds{"split", "permuted"};

SettingList settings_of_tasks(TaskPlan& tasks) {
  const auto is_split = [&tasks] { return tasks.kind == TaskKind::split; };
  return {
      choice_setting("kind", kTaskKinds, tasks.kind,
                     "split: every task has some of the classes; permuted: all, under an order of pixels of its own")
          .required(),
      integer_setting("count", tasks.count, 2, 1000, "tasks").required(),
      integer_setting("classes_per_task", tasks.classes_per_task, 2, 10'000, "split only").only_if(is_split),
      integer_setting("train_pictures", tasks.train_pictures, 0, 1'000'000, "of each class; 0: all"),
      integer_setting("test_pictures", tasks.test_pictures, 0, 1'000'000, "of each class; 0: all"),
      integer_setting("clients", tasks.clients, 1, 256, "task t is learned by client t mod clients")};
}

SettingList settings_of_supermask(MaskPlan& supermask) {
  return {numbers_setting("densities", supermask.densities, 1e-4, 1,
                          "shares of each layer's weights that a task uses; one run with each; different numbers"),
          integer_setting("batch", supermask.batch, 1, 100'000, "pictures at a time"),
          integer_setting("mask_epochs", supermask.mask_epochs, 1, 100'000, "of the search for a mask"),
          number_setting("mask_rate", supermask.mask_rate, 1e-6, 10, "learning rate of the search"),
          integer_setting("weight_epochs", supermask.weight_epochs, 1, 100'000,
                          "of training the weights that no earlier task uses; not supsup"),
          number_setting("weight_rate", supermask.weight_rate, 1e-6, 10, "its learning rate")};
}

SettingList settings_of_baselines(DensePlan& baselines) {
  return {integer_setting("epochs", baselines.epochs, 1, 100'000, "of each task"),
          number_setting("rate", baselines.rate, 1e-6, 10, "learning rate"),
          integer_setting("batch", baselines.batch, 1, 100'000, "pictures at a time"),
          number_setting("ewc_strength", baselines.ewc_strength, 0, 1e9, "how strongly old weights are held"),
          integer_setting("ewc_samples", baselines.ewc_samples, 1, 1'000'000,
                          "pictures of each task from which the importance of its weights is estimated")};
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

SettingTables settings_of(Study& study) {
  Preprocessing& pictures = study.preprocessing;
  return {{.name = "",
           .meaning = "",
           .elements =
               {{name_setting(study.name), title_setting(study.title), seeds_setting(study.seeds),
                 choices_setting("methods", kStudyMethods, study.methods, "what is compared").by_default("all five"),
                 integer_setting("threads", study.threads, 1, 1024,
                                 "to learn with; part of the result: other threads, other bits")}}},
          data_table(study.data),
          {.name = "network",
           .meaning = "The network under the masks, and the dense one of the baselines.",
           .elements = {joined(
               {{architecture_setting(study.architecture)},
                preprocessing_settings(pictures.input, pictures.invert, pictures.mean, pictures.deviation)})}},
          {.name = "tasks", .meaning = "", .elements = {settings_of_tasks(study.tasks)}},
          {.name = "supermask",
           .meaning = "The methods supsup, exssnet and exssnet-kkt.",
           .elements = {settings_of_supermask(study.supermask)}},
          {.name = "baselines",
           .meaning = "The methods fine-tuning and ewc.",
           .elements = {settings_of_baselines(study.baselines)}}};
}

Study load_study(const std::filesystem::path& path) {
  const TomlFile file(path);
  Study study;
  const SettingTables tables = settings_of(study);
  read_root(file, tables);
  file.read_tables(tables, [&](const std::string& table, const TomlReader& reader) {
    if (table == "tasks" && study.tasks.kind == TaskKind::permuted && reader.has("classes_per_task"))
      reader.complain("classes_per_task", "left out: permuted tasks have all classes");
  });
  return study;
}

}  // namespace outrider::simulations
