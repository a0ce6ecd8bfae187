// What aggregator and clients agree on for a network that grows: the definition that travels. Its digest is the space
// in which parts and crossings fit each other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "learners/encoders/encoder.h"
#include "learners/growing/mixture_growth.h"
#include "learners/training/local_work.h"

namespace outrider::growing {

struct GrowingTask {
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of the wire form
  // Of a client's part, and of all parts together: below what aggregators take as one contribution.
  static constexpr std::size_t kMaxPartBytes = std::size_t{100} << 20;
  static constexpr std::size_t kMaxRecordBytes = std::size_t{240} << 20;

  Preprocessing preprocessing;
  MixtureForm small;                 // of one part; outputs are scores of the classes
  std::vector<std::string> classes;  // output o means classes[o]; unique
  std::uint32_t parts = 2;           // clients whose networks become one
  training::LocalWork alone{.epochs = 10};
  Crossings crossings;
  training::LocalWork crossing{.rate = 0.01F};
  std::uint64_t seed = 0;  // of the first weights, and of what clients draw

  bool operator==(const GrowingTask&) const = default;
  // Throws InputError unless all parts are valid and fit each other.
  void check() const;

  MixtureForm grown_form() const;

  // The wire form (growing.capnp); equal tasks give equal bytes. Throws InputError unless check() passes.
  Bytes encode() const;
  // Throws InputError when the bytes are malformed, too many, something else, or do not pass check().
  static GrowingTask decode(ByteView bytes);
  // Whether the bytes begin as a task's do: decode() then says what is wrong with them, if anything.
  static bool recognises(ByteView bytes);
  Digest id() const { return Digest::of(encode()); }
};

}  // namespace outrider::growing
