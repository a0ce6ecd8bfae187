// What a learner remembers of a class so that it can go on learning: the exact sum of its examples, and which they
// were.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <span>

#include "knowledge/digest.h"
#include "learners/prototypical/exact_class_sum.h"

namespace outrider {

// Each example counts once, however often and in whatever order it is shown: state() is a function of the set of
// examples, bit for bit. Holds 32 bytes per dimension and 32 per example; no example can be drawn from it.
class ClassMemory {
 public:
  explicit ClassMemory(std::size_t dimension) : sum_(dimension) {}

  bool knows(const Digest& example) const { return examples_.contains(example); }
  // Takes the embedding of an example that is not known yet.
  void add(const Digest& example, std::span<const float> embedding);

  std::size_t count() const { return examples_.size(); }
  const std::set<Digest>& examples() const { return examples_; }
  // At least one example is known.
  ClassState state() const { return sum_.state(); }

  // How long learning has taken in all.
  std::chrono::microseconds spent{0};

  // All examples have been in the data folder at one time, so that what is missing there has been removed. Records of
  // before do not know: pictures may have gone long ago.
  bool follows_folder = false;

  // The durable form. decode throws InputError when the bytes are no memory.
  Bytes encode() const;
  static ClassMemory decode(ByteView bytes);

 private:
  ExactClassSum sum_;
  std::set<Digest> examples_;
};

}  // namespace outrider
