#include "learners/data/cifar.h"

#include <algorithm>
#include <sstream>

#include "knowledge/error.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
constexpr ImageShape kShape{.channels = 3, .height = 32, .width = 32};

struct Format {
  std::size_t label_bytes;  // the last of them counts
  std::size_t classes;
  const char* names_file;
  const char* train_prefix;
  const char* test_prefix;
};

const Format& format_of(Cifar kind) {
  static constexpr Format kCifar10{1, 10, "batches.meta.txt", "data_batch", "test_batch"};
  static constexpr Format kCifar100{2, 100, "fine_label_names.txt", "train", "test"};
  return kind == Cifar::cifar10 ? kCifar10 : kCifar100;
}

std::vector<std::string> default_names(Cifar kind) {
  if (kind == Cifar::cifar10)
    return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < format_of(kind).classes; ++i) names.push_back(std::to_string(i));
  return names;
}

// One name a line; the published file ends in blank lines.
std::vector<std::string> read_names(const fs::path& path, std::size_t expected) {
  const Bytes bytes = read_file(path, kMaxPictureFile);
  std::istringstream text{std::string(text_of(bytes))};
  std::vector<std::string> names;
  for (std::string line; std::getline(text, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const bool unique = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  if (names.size() != expected || !unique)
    throw InputError(path.string() + " must hold " + std::to_string(expected) + " different class names, one a line");
  return names;
}

void append(Dataset& data, const Format& format, const fs::path& file) {
  const Bytes bytes = read_file(file, kMaxBatchFile);
  const std::size_t record = format.label_bytes + kShape.size();
  if (bytes.empty() || bytes.size() % record != 0)
    throw InputError(file.string() + " has " + std::to_string(bytes.size()) + " bytes; a whole number of records of " +
                     std::to_string(record) + " bytes is expected");
  const std::size_t count = bytes.size() / record;
  require_sane_total(file.string(), data.size() + count, kShape);
  data.pixels.reserve(data.pixels.size() + count * kShape.size());
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView one = ByteView(bytes).subspan(i * record, record);
    const std::uint32_t label = one[format.label_bytes - 1];
    if (label >= data.classes.size())
      throw InputError(file.string() + " holds the label " + std::to_string(label) + " in record " + std::to_string(i) +
                       "; labels from 0 to " + std::to_string(data.classes.size() - 1) + " are expected");
    data.labels.push_back(label);
    const ByteView pixels = one.subspan(format.label_bytes);
    data.pixels.insert(data.pixels.end(), pixels.begin(), pixels.end());
  }
}

std::vector<fs::path> files_of(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> files;
  const std::unique_ptr<FileTree> tree = FileTree::open(folder);
  for (const std::string& name : tree->names())
    if (name.starts_with(prefix) && name.ends_with(".bin") && name.find('/') == std::string::npos)
      files.push_back(folder / name);
  if (files.empty()) throw InputError(folder.string() + " holds no file " + std::string(prefix) + "*.bin");
  return files;
}

Dataset empty_dataset(std::vector<std::string> classes) {
  Dataset data;
  data.shape = kShape;
  data.classes = std::move(classes);
  return data;
}

}  // namespace

Dataset load_cifar_file(Cifar kind, const fs::path& file, std::vector<std::string> class_names) {
  Dataset data = empty_dataset(class_names.empty() ? default_names(kind) : std::move(class_names));
  append(data, format_of(kind), file);
  return data;
}

Dataset load_cifar(Cifar kind, const fs::path& folder, Part part) {
  if (existing_type(folder) != fs::file_type::directory) throw InputError(folder.string() + " is no folder");
  const Format& format = format_of(kind);
  const fs::path names = folder / format.names_file;
  std::error_code unknown;  // what cannot be looked at is refused below, when it is listed
  Dataset data = empty_dataset(fs::exists(names, unknown) ? read_names(names, format.classes) : default_names(kind));
  for (const fs::path& file : files_of(folder, part == Part::train ? format.train_prefix : format.test_prefix))
    append(data, format, file);
  return data;
}

}  // namespace outrider
