#include "learners/data/open.h"

#include <algorithm>
#include <array>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "learners/data/cifar.h"
#include "learners/data/file_tree.h"
#include "learners/data/fingerprint.h"
#include "learners/data/fsdd.h"
#include "learners/data/idx.h"
#include "learners/data/image_folder.h"
#include "learners/data/limits.h"
#include "learners/data/omniglot.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFashionMnistPackage = "/usr/share/datasets/fashion-mnist";

// What cannot be looked at is refused by the loader that opens it.
bool present(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

// The first of folder/names that exists.
fs::path find_in(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (present(folder / name)) return folder / name;
  throw InputError((folder / names.front()).string() + " does not exist" +
                   (names.size() > 1 ? ", nor does " + (folder / names.back()).string() : ""));
}

Dataset load_idx_part(const fs::path& folder, const std::string& prefix, std::vector<std::string> classes) {
  const std::string images = prefix + "-images-idx3-ubyte", labels = prefix + "-labels-idx1-ubyte";
  return load_idx(find_in(folder, {images + ".gz", images}), find_in(folder, {labels + ".gz", labels}),
                  std::move(classes));
}

DatasetPair open_mnist(const fs::path& path) {
  return {load_idx_part(path, "train", {}), load_idx_part(path, "t10k", {}), path.string(), {}};
}

DatasetPair open_fashion_mnist(const fs::path& path) {
  const fs::path folder = path.empty() ? fs::path(kFashionMnistPackage) : path;
  if (path.empty() && !present(folder))
    throw InputError(folder.string() + " does not exist: install the package dataset-fashion-mnist or give a path");
  const std::vector<std::string> classes{"t-shirt", "trouser", "pullover", "dress", "coat",
                                         "sandal",  "shirt",   "sneaker",  "bag",   "ankle-boot"};
  return {load_idx_part(folder, "train", classes), load_idx_part(folder, "t10k", classes), folder.string(), {}};
}

DatasetPair open_omniglot(const fs::path& path) {
  return {load_omniglot(find_in(path, {"images_background.zip", "images_background"})),
          load_omniglot(find_in(path, {"images_evaluation.zip", "images_evaluation"})),
          path.string(),
          {}};
}

// Makes the test part count classes as the training part does.
void align_classes(const Dataset& train, Dataset& test, const std::string& name) {
  std::vector<std::uint32_t> renamed;
  for (const std::string& class_name : test.classes) {
    const auto at = std::find(train.classes.begin(), train.classes.end(), class_name);
    if (at == train.classes.end())
      throw InputError(name + " has the class " + class_name + " in its test part but not in its training part");
    renamed.push_back(static_cast<std::uint32_t>(at - train.classes.begin()));
  }
  for (std::uint32_t& label : test.labels) label = renamed[label];
  test.classes = train.classes;
}

bool has_both_parts(const fs::path& path) {
  const std::unique_ptr<FileTree> tree = FileTree::open(path);
  const auto has = [&](std::string_view folder) {
    return std::any_of(tree->names().begin(), tree->names().end(), [&](const std::string& name) {
      const auto parts = path_parts(name);
      return parts.size() == 3 && parts[0] == folder;
    });
  };
  return has("train") && has("test");
}

DatasetPair open_images(const fs::path& path) {
  DatasetPair pair;
  pair.source = path.string();
  if (has_both_parts(path)) {
    pair.train = load_image_folder(path, "train");
    pair.test = load_image_folder(path, "test");
    align_classes(pair.train, pair.test, path.string());
  } else {
    pair.train = load_image_folder(path);
    pair.test.shape = pair.train.shape;
    pair.test.classes = pair.train.classes;
  }
  return pair;
}

DatasetPair open_cifar(Cifar kind, const fs::path& path, const char* unpacked) {
  const fs::path folder = present(path / unpacked) ? path / unpacked : path;
  return {load_cifar(kind, folder, Part::train), load_cifar(kind, folder, Part::test), folder.string(), {}};
}

DatasetPair open_cifar10(const fs::path& path) {
  const fs::path jpeg = present(path / "cifar10-jpeg.zip") ? path / "cifar10-jpeg.zip" : path;
  if (existing_type(jpeg) == fs::file_type::directory) return open_cifar(Cifar::cifar10, path, "cifar-10-batches-bin");
  DatasetPair pair = open_images(jpeg);
  pair.source += " (JPEG-compressed copies: figures differ a little from those on the originals)";
  return pair;
}

DatasetPair open_cifar100(const fs::path& path) {
  return open_cifar(Cifar::cifar100, path, "cifar-100-binary");
}

DatasetPair open_fsdd(const fs::path& path) {
  const fs::path archive = present(path / "recordings.zip") ? path / "recordings.zip" : path;
  return {load_fsdd(archive, Part::train), load_fsdd(archive, Part::test), archive.string(), {}};
}

struct Kind {
  const char* name;
  DatasetPair (*open)(const fs::path&);
  bool has_default;
};
constexpr std::array<Kind, 7> kKinds{{{"fashion-mnist", open_fashion_mnist, true},
                                      {"mnist", open_mnist, false},
                                      {"omniglot", open_omniglot, false},
                                      {"cifar10", open_cifar10, false},
                                      {"cifar100", open_cifar100, false},
                                      {"images", open_images, false},
                                      {"fsdd", open_fsdd, false}}};

const Kind& find_kind(std::string_view name) {
  std::string known;
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw InputError("the data set kind " + std::string(name) + " is unknown; known are " + known);
}

// They become subjects of contributions, columns of tables and folders.
void check_names(const std::vector<std::string>& classes, const std::string& source) {
  for (std::size_t i = 0; i < classes.size(); ++i)
    check_name("the name of class " + std::to_string(i) + " of " + source, classes[i]);
}

}  // namespace

DatasetPair open_dataset(std::string_view kind_name, const fs::path& path) {
  const Kind& kind = find_kind(kind_name);
  const std::string name = kind.name;
  if (path.empty() && !kind.has_default) throw InputError("the data set " + name + " needs a path");
  if (!path.empty()) existing_type(path);  // one that is missing is refused by its own name
  DatasetPair pair = kind.open(path);
  if (pair.train.shape != pair.test.shape)
    throw InputError(pair.source + " has " + describe(pair.train.shape) + " pictures to train but " +
                     describe(pair.test.shape) + " to test");
  check_names(pair.train.classes, pair.source);
  check_names(pair.test.classes, pair.source);
  pair.source = name + " from " + pair.source;
  pair.sha256 = sha256_of_text(sha256_of(pair.train) + sha256_of(pair.test));
  return pair;
}

std::vector<std::string> dataset_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

}  // namespace outrider
