#include "client/pictures/task_folder.h"

#include <cerrno>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "client/pictures/folder_entries.h"
#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "learners/data/image.h"
#include "learners/data/image_folder.h"
#include "learners/data/resize.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

// Adds the file to the fingerprint; returns whether it can be read. Files may vanish while we look.
bool note_file(const fs::path& file, std::uint64_t size, Hasher& hasher, const ComplainOfFolder& complain) {
  std::error_code gone;
  const auto changed = fs::last_write_time(file, gone);
  if (gone) return false;
  if (::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) != 0) {
    complain(shown(file) + " cannot be read: " + std::generic_category().message(errno));
    return false;
  }
  hasher.field(file.string()).field(std::to_string(size)).field(std::to_string(changed.time_since_epoch().count()));
  return true;
}

void tell(const FolderContent& content, const ComplainOfFolder& complain) {
  for (const std::string& complaint : content.complaints) complain(complaint);
}

}  // namespace

TaskFiles look_at_classes(const fs::path& folder, const ComplainOfFolder& complain) {
  TaskFiles found;
  Hasher hasher;
  FolderContent content = content_of_folder(folder);
  complain_of_stray_files(content, "CLASS/PICTURE");
  tell(content, complain);
  for (const fs::path& class_folder : content.folders) {
    try {
      const std::string name = class_named_by(class_folder);
      FolderContent pictures = content_of_folder(class_folder);
      complain_of_stray_folders(pictures, "CLASS/PICTURE");
      tell(pictures, complain);
      std::vector<fs::path> files;
      for (const auto& [file, version] : pictures.files)
        if (note_file(file, version.size, hasher, complain)) files.push_back(file);
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
  FolderContent content = content_of_folder(folder);
  complain_of_stray_files(content, "TASK/CLASS/PICTURE");
  tell(content, complain);
  for (const fs::path& entry : content.folders) {
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
      } catch (const std::bad_alloc&) {
        data.pixels.resize(data.labels.size() * shape.size());
        complain(shown(picture) + " is left out: there is not memory enough for it");
      }
    }
  }
  return data;
}

}  // namespace outrider::client
