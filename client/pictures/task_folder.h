// The watched data folder of a client that learns tasks: TASK/CLASS/PICTURE.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "knowledge/digest.h"
#include "learners/data/dataset.h"

namespace outrider::client {

struct TaskFiles {
  std::string task;
  std::vector<std::pair<std::string, std::vector<std::filesystem::path>>> classes;  // by name; none without files
  Digest fingerprint;  // over the names, sizes and times of change of all files: equal while nothing changes

  bool operator==(const TaskFiles&) const = default;
};

using ComplainOfFolder = std::function<void(const std::string& sentence)>;

// Tasks sorted by folder, files likewise. Folder names are decoded with class_named_by; hidden ones are left out, and
// so are those that name nothing fit, which are complained about. Throws InputError when the folder cannot be read.
std::vector<TaskFiles> look_for_tasks(const std::filesystem::path& folder, const ComplainOfFolder& complain);

// The folder as one task without a name: CLASS/PICTURE.
TaskFiles look_at_classes(const std::filesystem::path& folder, const ComplainOfFolder& complain);

// The pictures in this shape, labels in the order of `classes`. What cannot be read is left out and complained about.
Dataset load_task(const TaskFiles& files, const ImageShape& shape,
                  const std::function<void(const std::string& sentence)>& complain);

}  // namespace outrider::client
