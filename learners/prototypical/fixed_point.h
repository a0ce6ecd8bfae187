// Real numbers as 128-bit integers: their addition is exact, so sums do not depend on the order, and subtracting takes
// back exactly what was added. (Floating point addition is neither associative nor invertible.)
#pragma once

#include <cmath>

namespace outrider {

__extension__ typedef __int128 Int128;

// A number counted in quanta of 2^-FractionBits; what lies between two multiples is rounded to the nearest.
template <int FractionBits>
struct FixedPoint {
  // A power of two: multiplying or dividing by it rounds nothing.
  static constexpr double kOne = static_cast<double>(Int128{1} << FractionBits);

  Int128 quanta = 0;

  FixedPoint() = default;
  // |value| must stay below 2^(127 - FractionBits), and so must every sum: the callers bound value and number of terms.
  explicit FixedPoint(double value) : quanta(static_cast<Int128>(std::nearbyint(value * kOne))) {}

  FixedPoint& operator+=(FixedPoint other) {
    quanta += other.quanta;
    return *this;
  }
  FixedPoint& operator-=(FixedPoint other) {
    quanta -= other.quanta;
    return *this;
  }
  bool operator==(const FixedPoint&) const = default;
  bool negative() const { return quanta < 0; }
  // Rounded once, to the nearest.
  double to_double() const { return static_cast<double>(quanta) / kOne; }
  float to_float() const { return static_cast<float>(quanta) / static_cast<float>(kOne); }
};

}  // namespace outrider
