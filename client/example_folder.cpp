#include "client/example_folder.h"

#include <system_error>

#include "client/folder_entries.h"
#include "learners/data/image_folder.h"

namespace outrider::client {
namespace fs = std::filesystem;

std::vector<NewExamples> ExampleFolder::look() {
  std::vector<NewExamples> found;
  for (const fs::path& entry : sorted_entries(folder_)) {
    std::error_code gone;
    if (!fs::is_directory(entry, gone)) continue;
    std::vector<fs::path> files = new_files(entry);
    if (!files.empty()) found.push_back({class_of_folder(entry.filename().string()), std::move(files)});
  }
  return found;
}

std::vector<fs::path> ExampleFolder::new_files(const fs::path& class_folder) {
  std::vector<fs::path> files;
  for (const fs::path& file : sorted_entries(class_folder)) {
    std::error_code gone;  // files may vanish while we look
    const Version version{fs::file_size(file, gone), fs::last_write_time(file, gone)};
    if (gone || !fs::is_regular_file(file, gone)) continue;
    const auto [known, added] = known_.try_emplace(file, version);
    if (!added && known->second == version) continue;
    known->second = version;
    files.push_back(file);
  }
  return files;
}

void ExampleFolder::forget(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) known_.erase(file);
}

}  // namespace outrider::client
