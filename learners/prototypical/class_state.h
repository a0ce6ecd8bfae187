// What is known of a class: how many examples, the sum of their embeddings and, if kept, their spread.
//
//   ClassStateBuilder builder(64);
//   builder.add(embeddings);                       // n x 64 floats
//   Bytes payload = encode(builder.state(), Precision::float16);
//   ClassState received = decode_class_state(payload);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "knowledge/bytes.h"
#include "learners/precision.h"

namespace outrider {

// A value. `sum` has one component per dimension of the embedding; so has `deviations`, unless it is empty.
struct ClassState {
  std::uint64_t count = 0;
  std::vector<float> sum;
  std::vector<float> deviations;  // sum of squared deviations from the mean ("M2"); empty: not kept
  // Of a merged state that one client alone has taught: equal for equal clients, else different. 0: several have, or
  // the aggregator itself, or nobody has told.
  std::uint64_t sole_teacher = 0;
  // At least 1: so many times as far as it is, this class counts where others are near. See caution.h.
  float caution = 1;

  // Whoever has taught it.
  bool operator==(const ClassState& other) const {
    return count == other.count && sum == other.sum && deviations == other.deviations;
  }
  std::size_t dimension() const { return sum.size(); }
  bool keeps_deviations() const { return !deviations.empty(); }
  // The mean embedding; count >= 1.
  std::vector<float> prototype() const;
};

// Learns a class example by example, in double precision (Welford 1962 for the deviations).
class ClassStateBuilder {
 public:
  explicit ClassStateBuilder(std::size_t dimension, bool keep_deviations = true);
  // Goes on from what was learned before.
  explicit ClassStateBuilder(const ClassState& learned);

  // Any number of embeddings, row after row. Throws InputError when one is not finite; the rows before it count.
  void add(std::span<const float> embeddings);
  std::uint64_t count() const { return count_; }
  ClassState state() const;

 private:
  std::uint64_t count_ = 0;
  std::vector<double> sum_;
  std::vector<double> mean_;        // empty when deviations are not kept
  std::vector<double> deviations_;  // likewise
};

// What a decoded state may contain.
struct ClassStateLimits {
  std::uint64_t count;
  double sum;      // magnitude of a component
  double squares;  // deviations + sum^2 / count, per dimension; looked at where deviations are kept
};
inline constexpr std::size_t kMaxDimension = 65536;
// From one client. An exact sum over kMaxContributors of these fits into 128 bits, see fixed_point.h.
inline constexpr ClassStateLimits kContributedLimits{std::uint64_t{1} << 40, 0x1p40, 0x1p52};
// Merged over clients.
inline constexpr std::size_t kMaxContributors = std::size_t{1} << 22;
inline constexpr ClassStateLimits kMergedLimits{std::uint64_t{1} << 62, 0x1p62, 0x1p74};

// What encode() makes of a state of so many dimensions at most, and a little more for what a later version may add.
std::size_t most_state_bytes(std::size_t dimension);
// Throws InputError, a sentence that starts with `what`, when the bytes, which are a class state, are more than their
// own dimension and precision need.
void require_no_padding(ByteView bytes, const std::string& what);

// The wire form (Cap'n Proto, class_state.capnp). `state` has 1 to kMaxDimension dimensions and finite components.
Bytes encode(const ClassState& state, Precision precision = Precision::float32);
// Throws InputError, a sentence that starts with `what`, when the bytes are no class state or exceed the limits.
ClassState decode_class_state(ByteView bytes, const ClassStateLimits& limits = kContributedLimits,
                              const std::string& what = "class state");

}  // namespace outrider
