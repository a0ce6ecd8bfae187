#include "simulations/scenario_file.h"

#include <cstdio>

namespace outrider::simulations {
namespace {

constexpr const char* kShapeExpected =
    "CHANNELSxHEIGHTxWIDTH with 1 or 3 channels and sides up to 1024, for example \"1x28x28\"";

}  // namespace

TomlFile::TomlFile(const std::filesystem::path& path) : path_(path.string()) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown))
    throw InputError(fmt::format("the scenario {} is not there or no file", path_));
  try {
    root_ = toml::parse_file(path_);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: {}", path_, error.source().begin.line, error.description()));
  }
}

const toml::table* TomlFile::find_table(const std::string& name) const {
  const toml::node* node = root_.get(name);
  if (node == nullptr) return nullptr;
  if (!node->is_table())
    throw InputError(fmt::format("{}:{}: {} must be a table: [{}]", path_, node->source().begin.line, name, name));
  return node->as_table();
}

void read_name(TomlReader& reader, std::string& name) {
  reader.require("name");
  reader.read("name", name);
  if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.'))
    reader.complain("name", "a name for a directory");
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
