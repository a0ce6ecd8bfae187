#include "simulations/scenario/scenario_file.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

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

Setting name_setting(std::string& name) {
  return {.key = "name",
          .meaning = "of the run's directory, runs/NAME",
          .text = [&name] { return quoted_text(name); },
          .read =
              [&name](TomlReader& reader) {
                reader.require("name");
                reader.read("name", name);
                if (!names_directory(name)) reader.complain("name", "a name for a directory");
              },
          .is_required = true};
}

Setting title_setting(std::string& title) {
  return text_setting("title", title, "for the report").by_default("none");
}

Setting seeds_setting(std::vector<std::uint64_t>& seeds) {
  return integers_setting("seeds", seeds, 0, INT64_MAX, "one run with each; different whole numbers");
}

std::string name_of_scenario(const std::filesystem::path& path) {
  const TomlFile file(path);
  TomlReader reader(file.root(), file.path(), "the scenario");
  std::string name;
  name_setting(name).read(reader);
  return name;
}

Setting path_setting(std::filesystem::path& path) {
  const auto read = [&path](TomlReader& reader) {
    std::string text = path.string();
    reader.read("path", text);
    path = text;
  };
  return {.key = "path",
          .meaning =
              "where they lie; `--data DIR` says so on the command line. Needed for all but fashion-mnist and "
              "gaussians",
          .text = [&path] { return quoted_text(path.string()); },
          .read = read,
          .fallback = "none; fashion-mnist: Debian's package dataset-fashion-mnist"};
}

Setting architecture_setting(std::string& architecture) {
  return text_setting(
      "architecture", architecture,
      "the network: conv4, lenet-300-100, lenet5, resnet18, resnet18-gem, simplenet, wrn-16-4, wrn-28-10");
}

SettingList preprocessing_settings(ImageShape& input, bool& invert, float& mean, float& deviation) {
  const auto text = [&input] {
    return quoted_text(fmt::format("{}x{}x{}", input.channels, input.height, input.width));
  };
  const auto read = [&input](TomlReader& reader) {
    if (!reader.has("input")) return reader.know("input");
    std::string said;
    reader.read("input", said);
    try {
      input = parse_image_shape(said);
    } catch (const InputError&) {
      reader.complain("input", kShapeExpected);
    }
  };
  return {{.key = "input",
           .meaning = "CHANNELSxHEIGHTxWIDTH to which pictures are resized; 1 or 3 channels, sides up to 1024",
           .text = text,
           .read = read},
          flag_setting("invert", invert, "dark becomes light"),
          number_setting("mean", mean, -10, 10, "of pixel values in [0, 1]; subtracted"),
          number_setting("deviation", deviation, 1e-3, 10, "of pixel values in [0, 1]; divided by")};
}

SettingTable data_table(DataSource& data) {
  return {.name = "data",
          .meaning = "",
          .elements = {{text_setting("kind", data.kind,
                                     "fashion-mnist, mnist, omniglot (missions only), cifar10, cifar100, images or "
                                     "fsdd; federations also gaussians")
                            .required(),
                        path_setting(data.path)}},
          .is_required = true};
}

SettingTable pretraining_table(Pretraining& training) {
  SettingList own{
      texts_setting("classes", training.classes,
                    "base classes: the encoder is trained on their training pictures, and all clients know them from "
                    "the start")
          .by_default("all of the training part"),
      integer_setting("way", training.way, 2, 1000, "classes in an episode"),
      integer_setting("shots", training.shots, 1, 1000, "support pictures of each"),
      integer_setting("queries", training.queries, 1, 1000, "query pictures of each"),
      flag_setting("rotations", training.rotations, "classes turned by 90, 180 and 270 degrees are further classes"),
      integer_setting("episodes", training.episodes, 0, 10'000'000, "how many; each is a step of Adam"),
      number_setting("learning_rate", training.learning_rate, 1e-6, 1, "of Adam"),
      integer_setting("halve_every", training.halve_every, 1, 10'000'000,
                      "episodes after which the learning rate is halved"),
      integer_setting("threads", training.threads, 1, 1024,
                      "to learn with; part of the result: other threads, other bits")};
  return {
      .name = "pretraining",
      .meaning = "The encoder, trained in episodes on the base classes (Snell et al. 2017).",
      .elements = {joined({{architecture_setting(training.architecture)},
                           preprocessing_settings(training.input, training.invert, training.mean, training.deviation),
                           std::move(own)})}};
}

SettingList joined(std::vector<SettingList> lists) {
  SettingList all;
  for (SettingList& list : lists) std::ranges::move(list, std::back_inserter(all));
  return all;
}

void read_root(const TomlFile& file, const SettingTables& tables) {
  TomlReader reader(file.root(), file.path(), "the scenario");
  read_root_settings(reader, tables);
  reader.finish();
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
