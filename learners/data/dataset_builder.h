// Growing a Dataset picture by picture, for loaders of folders and archives.
#pragma once

#include <string>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/data/image.h"

namespace outrider {

class DatasetBuilder {
 public:
  // `name` stands for the whole in errors; `expected` pictures are about to be added.
  DatasetBuilder(std::string name, std::size_t expected) : name_(std::move(name)), expected_(expected) {}

  // Throws InputError that names both pictures when the shape differs from the first one's, and when the whole would
  // exceed kMaxDatasetBytes. `where` names this picture.
  void add(const Image& image, std::uint32_t label, const std::string& where);
  void add(const Image& image, std::uint32_t label, std::uint32_t group, const std::string& where);

  // `classes` and `group_names` are what the labels and groups index. Leaves the builder empty.
  Dataset finish(std::vector<std::string> classes, std::vector<std::string> group_names = {});

 private:
  std::string name_;
  std::size_t expected_;
  std::string first_;
  Dataset data_;
};

}  // namespace outrider
