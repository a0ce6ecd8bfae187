// The pictures of a model's classes in a watched folder: CLASS/PICTURE.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "client/pictures/task_folder.h"

namespace outrider::client {

// Read again only when the folder has changed. Not thread-safe.
class ModelPictures {
 public:
  using Complain = std::function<void(const std::string& sentence)>;

  ModelPictures(std::filesystem::path folder, std::vector<std::string> classes, ImageShape shape)
      : folder_(std::move(folder)), classes_(std::move(classes)), shape_(shape) {}

  // Those that are there now; other classes are left out and complained about. Throws InputError when the folder cannot
  // be read.
  const Dataset& look(const Complain& complain);
  // Of the files at the last look: equal while nothing changes.
  const Digest& fingerprint() const { return fingerprint_; }

 private:
  std::filesystem::path folder_;
  std::vector<std::string> classes_;
  ImageShape shape_;
  Digest fingerprint_;
  Dataset pictures_;
};

}  // namespace outrider::client
