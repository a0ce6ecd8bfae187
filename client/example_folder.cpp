#include "client/example_folder.h"

#include <algorithm>
#include <system_error>

#include "client/folder_entries.h"
#include "knowledge/error.h"
#include "learners/data/image_folder.h"

namespace outrider::client {
namespace fs = std::filesystem;

namespace {

std::string class_of(const fs::path& picture) {
  return class_of_folder(picture.parent_path().filename().string());
}

}  // namespace

std::vector<NewExamples> ExampleFolder::look() {
  std::vector<NewExamples> found;
  present_.clear();
  complaints_.clear();
  for (const fs::path& entry : sorted_entries(folder_)) {
    std::error_code gone;
    if (!fs::is_directory(entry, gone)) continue;
    try {
      const std::string name = subject_named_by(entry);
      std::vector<fs::path> files = new_files(entry, present_[name]);
      if (!files.empty()) found.push_back({name, std::move(files)});
    } catch (const InputError& error) {
      complaints_.emplace_back(error.what());
    }
  }
  forget_what_left();
  return found;
}

std::vector<fs::path> ExampleFolder::new_files(const fs::path& class_folder, std::vector<fs::path>& present) {
  std::vector<fs::path> files;
  for (const fs::path& file : sorted_entries(class_folder)) {
    std::error_code gone;  // files may vanish while we look
    const Version version{fs::file_size(file, gone), fs::last_write_time(file, gone)};
    if (gone || !fs::is_regular_file(file, gone)) continue;
    present.push_back(file);
    const auto [known, added] = known_.try_emplace(file, version);
    if (!added && known->second == version) continue;
    known->second = version;
    files.push_back(file);
  }
  return files;
}

void ExampleFolder::forget_what_left() {
  thinned_.clear();
  std::erase_if(known_, [&](const auto& known) {
    if (has(known.first)) return false;
    thinned_.insert(class_of(known.first));
    return true;
  });
}

bool ExampleFolder::has(const fs::path& file) const {
  const auto files = present_.find(class_of(file));
  return files != present_.end() && std::ranges::binary_search(files->second, file);
}

bool ExampleFolder::is_empty() const {
  return std::ranges::all_of(present_, [](const auto& files) { return files.second.empty(); });
}

void ExampleFolder::forget(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) known_.erase(file);
}

}  // namespace outrider::client
