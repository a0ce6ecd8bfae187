#include "client/task_folder.h"

#include <system_error>

#include "client/folder_entries.h"
#include "knowledge/error.h"
#include "learners/data/image.h"
#include "learners/data/image_folder.h"
#include "learners/data/resize.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code gone;
  return fs::is_directory(path, gone);
}

// Adds the file to the fingerprint; returns whether it is one. Files may vanish while we look.
bool note_file(const fs::path& file, Hasher& hasher) {
  std::error_code gone;
  const std::uintmax_t size = fs::file_size(file, gone);
  const auto changed = fs::last_write_time(file, gone);
  if (gone || !fs::is_regular_file(file, gone)) return false;
  hasher.field(file.string()).field(std::to_string(size)).field(std::to_string(changed.time_since_epoch().count()));
  return true;
}

}  // namespace

TaskFiles look_at_classes(const fs::path& folder, const ComplainOfFolder& complain) {
  TaskFiles found;
  Hasher hasher;
  for (const fs::path& class_folder : sorted_entries(folder)) {
    if (!is_folder(class_folder)) continue;
    try {
      const std::string name = class_named_by(class_folder);
      std::vector<fs::path> files;
      for (const fs::path& file : sorted_entries(class_folder))
        if (note_file(file, hasher)) files.push_back(file);
      if (!files.empty()) found.classes.emplace_back(name, std::move(files));
    } catch (const InputError& error) {
      complain(error.what());
    }
  }
  found.fingerprint = hasher.finish();
  return found;
}

std::vector<TaskFiles> look_for_tasks(const fs::path& folder, const ComplainOfFolder& complain) {
  std::vector<TaskFiles> tasks;
  for (const fs::path& entry : sorted_entries(folder)) {
    if (!is_folder(entry)) continue;
    try {
      std::string name = subject_named_by(entry);
      TaskFiles files = look_at_classes(entry, complain);
      files.task = std::move(name);
      tasks.push_back(std::move(files));
    } catch (const InputError& error) {
      complain(error.what());
    }
  }
  return tasks;
}

Dataset load_task(const TaskFiles& files, const ImageShape& shape,
                  const std::function<void(const std::string&)>& complain) {
  Dataset data;
  data.shape = shape;
  for (const auto& [name, pictures] : files.classes) {
    const auto label = static_cast<std::uint32_t>(data.classes.size());
    data.classes.push_back(name);
    for (const fs::path& picture : pictures) {
      try {
        const Image image = resize(load_image(picture), shape);
        data.pixels.insert(data.pixels.end(), image.pixels.begin(), image.pixels.end());
        data.labels.push_back(label);
      } catch (const InputError& error) {
        complain(error.what());
      }
    }
  }
  return data;
}

}  // namespace outrider::client
