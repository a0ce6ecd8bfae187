#include "client/pictures/example_folder.h"

#include <algorithm>
#include <iterator>
#include <utility>

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
  FolderContent content = content_of_folder(folder_);
  complain_of_stray_files(content, "CLASS/PICTURE");
  present_.clear();
  unclear_.clear();
  complaints_ = std::move(content.complaints);
  for (const auto* entries : {&content.unclear, &content.broken_links})  // links may lead to a disk that is not mounted
    for (const fs::path& entry : *entries) unclear_.insert(class_of_folder(entry.filename().string()));
  for (const fs::path& entry : content.folders) {
    try {
      const std::string name = subject_named_by(entry);
      std::vector<fs::path> files = new_files(entry, name);
      if (!files.empty()) found.push_back({name, std::move(files)});
    } catch (const InputError& error) {
      complaints_.emplace_back(error.what());
      unclear_.insert(class_of_folder(entry.filename().string()));
    }
  }
  forget_what_left();
  return found;
}

std::vector<fs::path> ExampleFolder::new_files(const fs::path& class_folder, const std::string& name) {
  std::vector<fs::path> files;
  FolderContent content = content_of_folder(class_folder);
  complain_of_stray_folders(content, "CLASS/PICTURE");
  std::ranges::move(content.complaints, std::back_inserter(complaints_));
  if (!content.unclear.empty()) unclear_.insert(name);
  std::vector<fs::path>& present = present_[name];
  for (const auto& [file, version] : content.files) {
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
  const std::string name = class_of(file);
  if (is_unclear(name)) return true;
  const auto files = present_.find(name);
  return files != present_.end() && std::ranges::binary_search(files->second, file);
}

bool ExampleFolder::is_empty() const {
  return std::ranges::all_of(present_, [](const auto& files) { return files.second.empty(); });
}

void ExampleFolder::forget(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) known_.erase(file);
}

}  // namespace outrider::client
