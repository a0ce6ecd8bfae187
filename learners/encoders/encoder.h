// An encoder: input -> embedding, as a value that travels. Its id is the digest of its wire form, so two encoders with
// equal ids give equal embeddings.
#pragma once

#include <string>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "learners/data/dataset.h"
#include "learners/nn/network.h"
#include "learners/nn/parameters.h"

namespace outrider {

// From 8-bit pictures to network input: x = value / 255, then 1 - x if `invert`, then (x - mean) / deviation.
struct Preprocessing {
  ImageShape input;
  bool invert = false;
  float mean = 0;
  float deviation = 1;

  bool operator==(const Preprocessing&) const = default;
};

struct Encoder {
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;  // of the wire form

  std::string name;  // at most 256 bytes
  Preprocessing preprocessing;
  nn::NetworkSpec network;
  nn::Parameters parameters;
  float largest_norm = 0;  // of the embeddings of the pictures that it was trained on; 0: not measured

  bool operator==(const Encoder&) const = default;

  // The number of values in an embedding.
  std::size_t dimension() const { return network.output_shape().size(); }
  // Whether no component of an embedding can be below 0, as the layers tell.
  bool never_negative() const;
  // Throws InputError unless the parts fit each other: picture shape and network input, network and parameters, a
  // deviation above 0, finite numbers, the norm not below 0, the name's length.
  void check() const;
  // The wire form (Cap'n Proto, encoder.capnp); equal encoders give equal bytes. Throws InputError unless check()
  // passes.
  Bytes encode() const;
  // Throws InputError when the bytes are malformed, too many, or their content does not pass check().
  static Encoder decode(ByteView bytes);
  // Digest::of(encode()): costs work in the size of the parameters.
  Digest id() const { return Digest::of(encode()); }
};

}  // namespace outrider
