#include "simulations/scenario.h"

#include <cstdio>

#include "simulations/toml_reader.h"

namespace outrider::simulations {
namespace {

constexpr const char* kShapeExpected =
    "CHANNELSxHEIGHTxWIDTH with 1 or 3 channels and sides up to 1024, for example \"1x28x28\"";

// The tables of the file, each once, and nothing else.
class File {
 public:
  explicit File(const std::filesystem::path& path) : path_(path.string()) {
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(path, unknown))
      throw InputError(fmt::format("the scenario {} is not there or no file", path_));
    try {
      root_ = toml::parse_file(path_);
    } catch (const toml::parse_error& error) {
      throw InputError(fmt::format("{}:{}: {}", path_, error.source().begin.line, error.description()));
    }
  }

  const std::string& path() const { return path_; }
  const toml::table& root() const { return root_; }

  template <typename Read>
  void table(const std::string& name, Read&& read) {
    const toml::node* node = root_.get(name);
    if (node == nullptr) return;
    if (!node->is_table())
      throw InputError(fmt::format("{}:{}: {} must be a table: [{}]", path_, node->source().begin.line, name, name));
    TomlReader reader(*node->as_table(), path_, name);
    read(reader);
    reader.finish();
  }

 private:
  std::string path_;
  toml::table root_;
};

void read_shape(TomlReader& reader, ImageShape& shape) {
  if (!reader.has("input")) return reader.know("input");
  std::string text;
  reader.read("input", text);
  try {
    shape = parse_image_shape(text);
  } catch (const InputError&) {
    reader.complain("input", kShapeExpected);
  }
}

void read_pretraining(TomlReader& reader, Pretraining& pretraining) {
  reader.read("architecture", pretraining.architecture);
  read_shape(reader, pretraining.input);
  reader.read("invert", pretraining.invert);
  reader.read_number("mean", pretraining.mean, -10, 10);
  reader.read_number("deviation", pretraining.deviation, 1e-3, 10);
  reader.read("classes", pretraining.classes);
  reader.read_integer("way", pretraining.way, 2, 1000);
  reader.read_integer("shots", pretraining.shots, 1, 1000);
  reader.read_integer("queries", pretraining.queries, 1, 1000);
  reader.read("rotations", pretraining.rotations);
  reader.read_integer("episodes", pretraining.episodes, 0, 10'000'000);
  reader.read_number("learning_rate", pretraining.learning_rate, 1e-6, 1);
  reader.read_integer("halve_every", pretraining.halve_every, 1, 10'000'000);
  reader.read_integer("threads", pretraining.threads, 1, 1024);
}

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
void read_root(const File& file, Scenario& scenario) {
  TomlReader reader(file.root(), file.path(), "the scenario");
  reader.require("name");
  reader.require("data");
  reader.read("name", scenario.name);
  reader.read("title", scenario.title);
  reader.read_integer("seed", scenario.seed, 0, INT64_MAX);
  for (const char* table : {"data", "pretraining", "mission", "fine_tuning"}) reader.know(table);
  reader.finish();
  if (scenario.name.empty() || scenario.name.find('/') != std::string::npos || scenario.name.starts_with('.'))
    reader.complain("name", "a name for a directory");
}

}  // namespace

ImageShape parse_image_shape(const std::string& text) {
  ImageShape shape;
  char rest = 0;
  const auto sane = [](int side) { return side >= 1 && side <= 1024; };
  if (std::sscanf(text.c_str(), "%dx%dx%d%c", &shape.channels, &shape.height, &shape.width, &rest) != 3 ||
      (shape.channels != 1 && shape.channels != 3) || !sane(shape.height) || !sane(shape.width))
    throw InputError(fmt::format("the picture shape '{}' must be {}", text, kShapeExpected));
  return shape;
}

Scenario load_scenario(const std::filesystem::path& path) {
  File file(path);
  Scenario scenario;
  read_root(file, scenario);
  file.table("data", [&](TomlReader& reader) {
    reader.require("kind");
    reader.read("kind", scenario.data.kind);
    std::string data_path;
    reader.read("path", data_path);
    scenario.data.path = data_path;
  });
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
