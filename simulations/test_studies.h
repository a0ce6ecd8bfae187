// For the tests of this folder: a data set of small pictures whose classes differ in where they are bright, and a study
// of it that takes a moment.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "learners/data/open.h"
#include "learners/random.h"
#include "simulations/task_incremental/study.h"

namespace outrider::simulations {

inline Dataset bright_places(std::size_t classes, std::size_t pictures_per_class, std::uint64_t part) {
  Dataset data;
  data.shape = {1, 8, 8};
  for (std::size_t label = 0; label < classes; ++label) data.classes.push_back(std::to_string(label));
  Random noise(1, "noise", part);
  for (std::size_t i = 0; i < classes * pictures_per_class; ++i) {
    const auto label = static_cast<std::uint32_t>(i % classes);
    Random places(1, "places", label);
    for (std::size_t pixel = 0; pixel < data.shape.size(); ++pixel) {
      const std::uint32_t bright = places.below(3) == 0 ? 120 : 30;
      data.pixels.push_back(static_cast<std::uint8_t>(bright + noise.below(120)));
    }
    data.labels.push_back(label);
  }
  return data;
}

inline DatasetPair bright_places_pair(std::size_t classes, std::size_t train, std::size_t test) {
  return {bright_places(classes, train, 0), bright_places(classes, test, 1), "bright places", ""};
}

// As the data set kind "mnist" is stored.
inline void save_as_mnist(const Dataset& data, const std::filesystem::path& folder, const std::string& prefix) {
  const auto number = [](std::ofstream& stream, std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) stream.put(static_cast<char>(value >> shift & 255U));
  };
  std::ofstream images(folder / (prefix + "-images-idx3-ubyte"), std::ios::binary);
  number(images, 0x803);
  number(images, data.size());
  number(images, static_cast<std::size_t>(data.shape.height));
  number(images, static_cast<std::size_t>(data.shape.width));
  for (const std::uint8_t pixel : data.pixels) images.put(static_cast<char>(pixel));
  std::ofstream labels(folder / (prefix + "-labels-idx1-ubyte"), std::ios::binary);
  number(labels, 0x801);
  number(labels, data.size());
  for (const std::uint32_t label : data.labels) labels.put(static_cast<char>(label));
}

inline Study small_study(TaskKind kind = TaskKind::split) {
  Study study;
  study.name = "small";
  study.preprocessing = {.input = {1, 8, 8}, .mean = 0.4F, .deviation = 0.2F};
  study.tasks = {.kind = kind, .count = 3, .classes_per_task = 2};
  study.threads = 1;
  return study;
}

}  // namespace outrider::simulations
