#include "learners/encoders/definitions.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/name.h"

namespace outrider {

void check_preprocessing(const Preprocessing& preprocessing, const nn::Shape& input, const std::string& what) {
  const ImageShape& picture = preprocessing.input;
  require(input == nn::Shape{picture.channels, picture.height, picture.width},
          fmt::format("{} reads {}x{}x{} values, but its pictures are {}x{}x{}", what, input.channels, input.height,
                      input.width, picture.channels, picture.height, picture.width));
  require(std::isfinite(preprocessing.mean) && std::isfinite(preprocessing.deviation) && preprocessing.deviation > 0,
          fmt::format("{} normalises with mean {} and deviation {}; expected finite numbers, the deviation above 0",
                      what, preprocessing.mean, preprocessing.deviation));
}

void check_class_names(const std::vector<std::string>& classes, std::size_t outputs, const std::string& what) {
  require(classes.size() == outputs && outputs >= 2,
          fmt::format("{} has {} classes and {} outputs; expected as many, at least 2", what, classes.size(), outputs));
  for (std::size_t i = 0; i < classes.size(); ++i)
    check_name(fmt::format("{} has class {}, whose name", what, i), classes[i]);
  require(std::set<std::string>(classes.begin(), classes.end()).size() == classes.size(),
          what + " has two classes of one name");
}

int checked_picture_extent(std::uint32_t value, const std::string& what) {
  constexpr auto kMost = static_cast<std::uint32_t>(nn::NetworkLimits::kExtent);
  require(value <= kMost, fmt::format("{} has pictures of extent {}; expected at most {}", what, value, kMost));
  return static_cast<int>(value);
}

}  // namespace outrider
