// Which tensors of a growing network are mixtures of templates, and how it grows: a value from which all shapes follow,
// so that only numbers have to travel.
//
// The weights between hidden channels are mixed (MixtureGrowth, Pham et al. 2024); those that read the network's input
// (the stem) or write its output (the head), biases and norms are plain tensors. A network of n parts is n times as
// wide as one: part i has the hidden channels [i c, (i + 1) c) of every c.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/nn/parameters.h"

namespace outrider::growing {

struct MixtureForm {
  static constexpr std::uint32_t kMostTemplates = 64;  // in a set
  static constexpr std::uint32_t kMostParts = 16;

  nn::NetworkSpec part;         // the network of one part
  std::uint32_t templates = 2;  // in a set
  std::uint32_t sharing = 0;    // at most so many tensors of like shape mix the templates of one set; 0: all of them
  std::uint32_t parts = 1;

  bool operator==(const MixtureForm&) const = default;
};

// How a plain tensor of a network of n parts follows from those of the parts.
enum class Joining : std::uint8_t {
  kStacked,   // one after the other along `axis`: stem, norms, biases of hidden layers
  kJoined,    // along the inputs, each divided by n: the head, whose output is the mean over the parts
  kAveraged,  // the mean: the head's bias
};

struct PlainTensor {
  nn::TensorSpec part;
  nn::TensorSpec whole;
  Joining joining{};
  std::size_t axis = 0;
};

struct MixedTensor {
  nn::TensorSpec part;
  nn::TensorSpec whole;
  std::size_t set = 0;  // of each part's sets, whose templates its outputs mix
};

struct MixtureLayout {
  nn::NetworkSpec network;                      // of all parts
  std::vector<std::vector<std::int64_t>> sets;  // of one part: the dims of a template
  std::vector<MixedTensor> mixed;               // in the order of network_tensors()
  std::vector<PlainTensor> plain;               // likewise
};

// Throws InputError when counts are out of their ranges, or the network is none that grows: it ends with a fully
// connected layer that reads hidden channels, and has neither concatenations, grouped convolutions other than depthwise
// ones, nor instance-batch norms.
MixtureLayout layout_of(const MixtureForm& form);

// Values of a set of templates, of the coefficients of a mixed tensor.
std::size_t set_size(const MixtureForm& form, const std::vector<std::int64_t>& dims);
std::size_t coefficient_count(const MixtureForm& form);

// Numbers in all sets, coefficients and plain tensors.
std::size_t value_count(const MixtureForm& form, const MixtureLayout& layout);

}  // namespace outrider::growing
