#include "learners/data/image_folder.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "knowledge/utf8.h"
#include "learners/data/dataset_builder.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::size_t kLongestPathShown = 600;  // bytes

struct ClassFolder {
  std::string name;                // on disk
  std::vector<std::size_t> files;  // in the tree
};

void insert_folder(std::map<std::string, ClassFolder>& folders, const FileTree& tree, std::string_view folder) {
  const std::string name = class_named_by(fs::path(tree.root()) / folder);
  const auto [at, fresh] = folders.try_emplace(name, ClassFolder{std::string(folder), {}});
  if (!fresh && at->second.name != folder)
    throw InputError(tree.root() + " has two folders for the class " + utf8::printable(name) + ": " +
                     utf8::printable(at->second.name) + " and " + utf8::printable(folder));
}

// By class name, so in sorted order.
std::map<std::string, ClassFolder> class_folders(const FileTree& tree) {
  std::map<std::string, ClassFolder> folders;
  for (std::size_t i = 0; i < tree.names().size(); ++i) {
    const auto parts = path_parts(tree.names()[i]);
    if (parts.size() == 1)
      throw InputError(tree.where(i) + " lies outside any class folder: CLASS/PICTURE is expected");
    if (parts.size() > 2) throw InputError(tree.where(i) + " lies too deep: CLASS/PICTURE is expected");
    insert_folder(folders, tree, parts[0]);
    folders.at(class_of_folder(parts[0])).files.push_back(i);
  }
  if (!tree.empty_folders().empty())
    throw InputError(tree.root() + "/" + tree.empty_folders().front() + " has no pictures");
  return folders;
}

bool needs_encoding(char c, bool first) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '/' || c == '%' || (first && c == '.') || byte < 0x20 || byte == 0x7f;
}

}  // namespace

std::string folder_of_class(std::string_view name) {
  std::string folder;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (needs_encoding(name[i], i == 0)) {
      const auto byte = static_cast<unsigned char>(name[i]);
      folder += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      folder += name[i];
    }
  }
  return folder;
}

std::string class_of_folder(std::string_view folder) {
  std::string name;
  for (std::size_t i = 0; i < folder.size(); ++i) {
    if (folder[i] == '%' && i + 2 < folder.size()) {
      const auto high = kHexDigits.find(folder[i + 1]), low = kHexDigits.find(folder[i + 2]);
      if (high != std::string_view::npos && low != std::string_view::npos) {
        name += static_cast<char>(high << 4 | low);
        i += 2;
        continue;
      }
    }
    name += folder[i];
  }
  return name;
}

std::string class_named_by(const fs::path& folder) {
  std::string name = class_of_folder(folder.filename().string());
  check_name("the class that the folder " + utf8::quoted(folder.string(), kLongestPathShown) + " names", name);
  return name;
}

Dataset load_image_folder(const fs::path& path, std::string_view inside) {
  const std::unique_ptr<FileTree> tree = FileTree::open(path, inside);
  DatasetBuilder builder(tree->root(), tree->names().size());
  std::vector<std::string> classes;
  for (const auto& [name, folder] : class_folders(*tree)) {
    const auto label = static_cast<std::uint32_t>(classes.size());
    classes.push_back(name);
    for (const std::size_t file : folder.files) {
      const std::string where = tree->where(file);
      builder.add(decode_image(tree->read(file, kMaxPictureFile), where), label, where);
    }
  }
  return builder.finish(std::move(classes));
}

void write_image_folder(const Dataset& data, std::span<const std::size_t> indices, const fs::path& folder) {
  const std::size_t digits = std::max<std::size_t>(5, std::to_string(data.size()).size());
  for (const std::size_t index : indices) {
    assert(index < data.size());
    const std::string& name = data.classes[data.labels[index]];
    check_name("the class of a picture for " + utf8::quoted(folder.string(), kLongestPathShown), name);
    const fs::path class_folder = folder / folder_of_class(name);
    std::error_code error;
    fs::create_directories(class_folder, error);
    if (error)
      throw InputError(utf8::printable(class_folder.string(), kLongestPathShown) +
                       " cannot be created: " + error.message());
    std::string number = std::to_string(index);
    number.insert(0, digits - number.size(), '0');
    save_png(class_folder / (number + ".png"), data.shape, data.image(index));
  }
}

}  // namespace outrider
