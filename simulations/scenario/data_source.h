// What several kinds of scenario say alike: which data, and how the encoder comes about.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "learners/data/dataset.h"

namespace outrider::simulations {

struct DataSource {
  std::string kind;            // as open_dataset takes it
  std::filesystem::path path;  // empty: where the data set's package puts it

  bool operator==(const DataSource&) const = default;
};

// How the encoder comes about: episodic training on base classes (Snell et al. 2017).
struct Pretraining {
  std::string architecture = "conv4";
  ImageShape input{1, 28, 28};
  bool invert = false;
  float mean = 0;
  float deviation = 1;
  std::vector<std::string> classes;  // empty: all of the training part
  std::uint32_t way = 5;
  std::uint32_t shots = 5;
  std::uint32_t queries = 15;
  bool rotations = false;
  std::uint64_t episodes = 1000;
  float learning_rate = 1e-3F;
  std::uint64_t halve_every = 2000;
  int threads = 2;  // part of the result: see learners/nn/README.md

  bool operator==(const Pretraining&) const = default;
};

// Reads "CHANNELSxHEIGHTxWIDTH". Throws InputError, which says what was expected.
ImageShape parse_image_shape(const std::string& text);

}  // namespace outrider::simulations
