// The exact sum of class states.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/prototypical/class_state.h"
#include "learners/prototypical/fixed_point.h"

namespace outrider {

// Adds and takes back class states; state() depends on the set of states inside alone, never on the order of the calls.
// Holds for up to kMaxContributors states within kContributedLimits. The error against real arithmetic is one rounding
// of the result to float32, and per state 2^-65 in a component of the sum, about 2^-52 (1 + sum^2 / count) in one of
// the deviations.
class ExactClassSum {
 public:
  explicit ExactClassSum(std::size_t dimension);

  void add(const ClassState& state);
  // Takes back a state that was added.
  void subtract(const ClassState& state);
  // Has deviations if all states inside have. At least one state is inside.
  ClassState state() const;

  // Of all states inside.
  std::uint64_t count() const { return count_; }

  // The sum itself, to be continued later: little-endian, equal for equal sums. from_bytes throws InputError when the
  // bytes are none.
  Bytes bytes() const;
  static ExactClassSum from_bytes(ByteView bytes);

 private:
  // 2^40 (a sum) x 2^22 (contributors) x 2^64 < 2^127; 2^52 (squares) x 2^22 x 2^52 < 2^127.
  using Sum = FixedPoint<64>;
  using Squares = FixedPoint<52>;

  static Squares squares_of_mean(double sum, std::uint64_t count);

  std::uint64_t count_ = 0;
  std::size_t states_ = 0;
  std::size_t states_with_deviations_ = 0;
  std::vector<Sum> sum_;
  // Of the states with deviations: sum of (deviations + sum^2 / count), which is the sum of the squared embeddings.
  // Chan's pairwise formula, (n_a n_b / (n_a + n_b)) (mean_b - mean_a)^2, is this sum taken apart; it cannot be undone.
  std::vector<Squares> squares_;
};

}  // namespace outrider
