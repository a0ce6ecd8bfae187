#include "simulations/scenario_file.h"

#include <cstdio>

#include "knowledge/whole_file.h"

namespace outrider::simulations {
namespace {

constexpr const char* kShapeExpected =
    "CHANNELSxHEIGHTxWIDTH with 1 or 3 channels and sides up to 1024, for example \"1x28x28\"";

}  // namespace

TomlFile::TomlFile(const std::filesystem::path& path) : path_(path.string()) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown))
    throw InputError(fmt::format("the scenario {} is not there or no file", path_));
  const Bytes content = read_file(path, kMostScenarioBytes);
  try {
    root_ = toml::parse(text_of(content), path_);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path_, error.source().begin.line, error.description()));
  }
}

void TomlFile::complain(const std::string& name, const std::string& expected) const {
  throw InputError(fmt::format("{}:{}: {} must be {}", path_, root_.get(name)->source().begin.line, name, expected));
}

const toml::table* TomlFile::find_table(const std::string& name) const {
  const toml::node* node = root_.get(name);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) complain(name, fmt::format("a table: [{}]", name));
  return node->as_table();
}

std::vector<const toml::table*> TomlFile::find_tables(const std::string& name) const {
  const toml::node* node = root_.get(name);
  if (node == nullptr) return {};
  if (!node->is_array_of_tables()) complain(name, fmt::format("a list of tables: [[{}]]", name));
  std::vector<const toml::table*> tables;
  for (const toml::node& element : *node->as_array()) tables.push_back(element.as_table());
  return tables;
}

bool names_directory(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos && !name.starts_with('.');
}

void read_name(TomlReader& reader, std::string& name) {
  reader.require("name");
  reader.read("name", name);
  if (!names_directory(name)) reader.complain("name", "a name for a directory");
}

std::string name_of_scenario(const std::filesystem::path& path) {
  const TomlFile file(path);
  TomlReader reader(file.root(), file.path(), "the scenario");
  std::string name;
  read_name(reader, name);
  return name;
}

void read_data(const TomlFile& file, DataSource& data) {
  file.table("data", [&](TomlReader& reader) {
    reader.require("kind");
    reader.read("kind", data.kind);
    std::string path;
    reader.read("path", path);
    data.path = path;
  });
}

void read_input(TomlReader& reader, ImageShape& shape) {
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
  read_input(reader, pretraining.input);
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

ImageShape parse_image_shape(const std::string& text) {
  ImageShape shape;
  char rest = 0;
  const auto sane = [](int side) { return side >= 1 && side <= 1024; };
  if (std::sscanf(text.c_str(), "%dx%dx%d%c", &shape.channels, &shape.height, &shape.width, &rest) != 3 ||
      (shape.channels != 1 && shape.channels != 3) || !sane(shape.height) || !sane(shape.width))
    throw InputError(fmt::format("the picture shape '{}' must be {}", text, kShapeExpected));
  return shape;
}

}  // namespace outrider::simulations
