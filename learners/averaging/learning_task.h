// What server and clients agree on: the definition that travels. Its digest is the space in which updates are
// comparable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "learners/averaging/server.h"
#include "learners/averaging/strategy.h"
#include "learners/encoders/encoder.h"
#include "learners/training/local_work.h"

namespace outrider::averaging {

struct LearningTask {
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of the wire form

  Preprocessing preprocessing;
  nn::NetworkSpec network;           // outputs are scores of the classes
  std::vector<std::string> classes;  // output o means classes[o]; unique
  Strategy strategy;
  training::LocalWork work;
  std::uint64_t seed = 0;  // of the first weights, and of what clients draw

  bool operator==(const LearningTask&) const = default;
  // Throws InputError unless all parts are valid and fit each other.
  void check() const;

  // Before the first round.
  ServerState initial_state() const;

  // The wire form (averaging.capnp); equal tasks give equal bytes. Throws InputError unless check() passes.
  Bytes encode() const;
  // Throws InputError when the bytes are malformed, too many, something else, or do not pass check().
  static LearningTask decode(ByteView bytes);
  // Whether the bytes begin as a task's do: decode() then says what is wrong with them, if anything.
  static bool recognises(ByteView bytes);
  Digest id() const { return Digest::of(encode()); }
};

}  // namespace outrider::averaging
