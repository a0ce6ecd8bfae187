#include "simulations/scenario.h"

#include "simulations/scenario_file.h"

namespace outrider::simulations {
namespace {

void read_mission(TomlReader& reader, MissionPlan& mission) {
  reader.read_integer("clients", mission.clients, 1, 256);
  reader.read_integer("steps", mission.steps, 1, 10'000);
  reader.read_integer("new_classes", mission.new_classes, 0, 1'000'000);
  reader.read_integer("shots", mission.shots, 1, 1'000'000);
  reader.read_integer("test_pictures", mission.test_pictures, 0, 1'000'000);
  reader.read("keep_base", mission.keep_base);
  reader.read_integer("threads_per_client", mission.threads_per_client, 1, 256);
  reader.read_integer("patience_seconds", mission.patience_seconds, 1, 86'400);
}

// The keys outside of any table; the tables themselves are read on their own.
void read_root(const TomlFile& file, Scenario& scenario) {
  TomlReader reader(file.root(), file.path(), "the scenario");
  read_name(reader, scenario.name);
  reader.require("data");
  reader.read("title", scenario.title);
  reader.read_integer("seed", scenario.seed, 0, INT64_MAX);
  for (const char* table : {"data", "pretraining", "mission", "fine_tuning"}) reader.know(table);
  reader.finish();
}

}  // namespace

Scenario load_scenario(const std::filesystem::path& path) {
  const TomlFile file(path);
  Scenario scenario;
  read_root(file, scenario);
  read_data(file, scenario.data);
  file.table("pretraining", [&](TomlReader& reader) { read_pretraining(reader, scenario.pretraining); });
  file.table("mission", [&](TomlReader& reader) { read_mission(reader, scenario.mission); });
  file.table("fine_tuning", [&](TomlReader& reader) {
    reader.read_integer("epochs", scenario.fine_tuning.epochs, 0, 100'000);
    reader.read_number("learning_rate", scenario.fine_tuning.learning_rate, 1e-6, 10);
    reader.read_integer("batch", scenario.fine_tuning.batch, 1, 100'000);
  });
  return scenario;
}

}  // namespace outrider::simulations
