#include "simulations/class_incremental/mission_scenario.h"

#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

SettingList settings_of_mission(MissionPlan& mission) {
  return {
      integer_setting("clients", mission.clients, 1, 256, "processes"),
      integer_setting("steps", mission.steps, 1, 10'000, "the new classes come in as many steps"),
      integer_setting("new_classes", mission.new_classes, 0, 1'000'000, "how many; 0: all that are no base classes"),
      integer_setting("shots", mission.shots, 1, 1'000'000, "labelled pictures of each new class"),
      integer_setting("test_pictures", mission.test_pictures, 0, 1'000'000, "of each class; 0: all"),
      flag_setting("keep_base", mission.keep_base, "whether the base classes are told apart too; false for omniglot"),
      integer_setting("threads_per_client", mission.threads_per_client, 1, 256, "to learn with"),
      integer_setting("patience_seconds", mission.patience_seconds, 1, 86'400, "how long a rendezvous may take")};
}

SettingList settings_of_fine_tuning(FineTuning& tuning) {
  return {integer_setting("epochs", tuning.epochs, 0, 100'000, "of each step; 0: left out"),
          number_setting("learning_rate", tuning.learning_rate, 1e-6, 10, "of plain SGD"),
          integer_setting("batch", tuning.batch, 1, 100'000, "pictures at a time")};
}

}  // namespace

SettingTables settings_of(Scenario& scenario) {
  return {{.name = "",
           .meaning = "",
           .elements = {{name_setting(scenario.name), title_setting(scenario.title),
                         integer_setting("seed", scenario.seed, 0, INT64_MAX, "of everything that is drawn")}}},
          data_table(scenario.data),
          pretraining_table(scenario.pretraining),
          {.name = "mission",
           .meaning = "What the clients meet. The new classes are dealt out at random.",
           .elements = {settings_of_mission(scenario.mission)}},
          {.name = "fine_tuning",
           .meaning = "The lower bound: encoder and linear head, fine-tuned on one step after the other.",
           .elements = {settings_of_fine_tuning(scenario.fine_tuning)}}};
}

Scenario load_scenario(const std::filesystem::path& path) {
  const TomlFile file(path);
  Scenario scenario;
  const SettingTables tables = settings_of(scenario);
  read_root(file, tables);
  file.read_tables(tables, [](const std::string&, const TomlReader&) {});
  return scenario;
}

}  // namespace outrider::simulations
