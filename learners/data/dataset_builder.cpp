#include "learners/data/dataset_builder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "knowledge/error.h"
#include "learners/data/limits.h"

namespace outrider {

void DatasetBuilder::add(const Image& image, std::uint32_t label, const std::string& where) {
  if (data_.labels.empty()) {
    require_sane_total(name_, std::max<std::size_t>(expected_, 1), image.shape);
    first_ = where;
    data_.shape = image.shape;
    within_memory(name_, expected_ * image.shape.size(), [&] { data_.pixels.reserve(expected_ * image.shape.size()); });
    data_.labels.reserve(expected_);
  }
  if (image.shape != data_.shape)
    throw InputError(where + " is " + describe(image.shape) + " but " + first_ + " is " + describe(data_.shape) +
                     "; the pictures of one data set must agree");
  data_.pixels.insert(data_.pixels.end(), image.pixels.begin(), image.pixels.end());
  data_.labels.push_back(label);
}

void DatasetBuilder::add(const Image& image, std::uint32_t label, std::uint32_t group, const std::string& where) {
  add(image, label, where);
  data_.groups.push_back(group);
}

Dataset DatasetBuilder::finish(std::vector<std::string> classes, std::vector<std::string> group_names) {
  assert(data_.groups.empty() || data_.groups.size() == data_.size());
  assert(std::all_of(data_.labels.begin(), data_.labels.end(), [&](auto label) { return label < classes.size(); }));
  data_.classes = std::move(classes);
  data_.group_names = std::move(group_names);
  return std::exchange(data_, {});
}

}  // namespace outrider
