#include "learners/data/omniglot.h"

#include <algorithm>
#include <set>

#include "knowledge/error.h"
#include "learners/data/dataset_builder.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

struct Drawing {
  std::string character;  // "Greek/character01"
  std::string drawer;     // "drawer 07"
};

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Drawing parse(std::string_view name, const std::string& where) {
  const auto parts = path_parts(name);
  if (parts.size() >= 3) {
    const std::string_view file = parts.back();
    const std::string_view character = parts[parts.size() - 2];
    const auto underscore = file.find('_');
    if (character.starts_with("character") && file.ends_with(".png") && underscore != std::string_view::npos) {
      const std::string_view drawer = file.substr(underscore + 1, file.size() - underscore - 5);
      if (digits(file.substr(0, underscore)) && digits(drawer))
        return {std::string(parts[parts.size() - 3]) + "/" + std::string(character), "drawer " + std::string(drawer)};
    }
  }
  throw InputError(where + " is no Omniglot drawing: ALPHABET/characterNN/NNNN_DD.png is expected");
}

std::vector<std::string> listed(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

std::uint32_t position(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::uint32_t>(std::lower_bound(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

Dataset load_omniglot(const std::filesystem::path& path) {
  const std::unique_ptr<FileTree> tree = FileTree::open(path);
  const std::size_t count = tree->names().size();
  if (count == 0) throw InputError(tree->root() + " has no files");
  std::vector<Drawing> drawings;
  std::set<std::string> characters, drawers;
  for (std::size_t i = 0; i < count; ++i) {
    drawings.push_back(parse(tree->names()[i], tree->where(i)));
    characters.insert(drawings.back().character);
    drawers.insert(drawings.back().drawer);
  }
  const std::vector<std::string> classes = listed(characters), groups = listed(drawers);
  DatasetBuilder builder(path.string(), count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string where = tree->where(i);
    builder.add(decode_image(tree->read(i, kMaxPictureFile), where), position(classes, drawings[i].character),
                position(groups, drawings[i].drawer), where);
  }
  return builder.finish(classes, groups);
}

}  // namespace outrider
