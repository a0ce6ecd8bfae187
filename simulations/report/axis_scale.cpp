#include <algorithm>
#include <cassert>
#include <cmath>

#include "simulations/report/chart.h"

namespace outrider::simulations {

std::vector<double> AxisScale::marks() const {
  std::vector<double> result;
  const double slack = 1e-9 * (last - first) / step;
  for (double at = std::ceil(first / step - slack); at <= std::floor(last / step + slack); ++at)
    result.push_back(at * step + 0.0);  // + 0 turns -0 into 0
  return result;
}

AxisScale nice_scale(double least, double greatest, int marks, bool counted) {
  assert(least <= greatest && marks >= 2);
  // A line that never moves lies in the middle of its chart. What doubles cannot tell apart counts as one value.
  const double smallest = std::max(std::fabs(least), std::fabs(greatest)) * 1e-9;
  if (greatest - least <= smallest) {
    const double room = least == 0 ? 1 : std::fabs(least) / 2;
    least -= room;
    greatest += room;
  }
  const double raw = (greatest - least) / (marks - 1);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double digit = raw / power;
  AxisScale scale;
  scale.step = power * (digit <= 1.0001 ? 1 : digit <= 2.0001 ? 2 : digit <= 5.0001 ? 5 : 10);
  if (counted) scale.step = std::max(1.0, scale.step);
  scale.first = std::floor(least / scale.step + 1e-9) * scale.step;
  scale.last = std::ceil(greatest / scale.step - 1e-9) * scale.step;
  scale.decimals = std::max(0, static_cast<int>(-std::floor(std::log10(scale.step) + 1e-9)));
  return scale;
}

}  // namespace outrider::simulations
