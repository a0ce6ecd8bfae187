#include "learners/evaluation/summary.h"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider {

double Summary::confidence95() const {
  return count == 0 ? 0 : 1.96 * deviation / std::sqrt(static_cast<double>(count));
}

Summary summarise(std::span<const double> values) {
  if (values.empty()) throw InputError("a summary needs at least one value");
  for (const double value : values)
    if (!std::isfinite(value)) throw InputError(fmt::format("a summary needs finite values, not {}", value));
  Summary summary{values.size(), 0, 0};
  const double count = static_cast<double>(values.size());
  summary.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  if (values.size() > 1) summary.deviation = std::sqrt(squares / (count - 1));
  return summary;
}

std::string to_text(const Summary& summary, int decimals, double scale) {
  if (summary.count < 2) return fmt::format("{:.{}f}", scale * summary.mean, decimals);
  return fmt::format("{:.{}f} ± {:.{}f}", scale * summary.mean, decimals, scale * summary.deviation, decimals);
}

std::string to_percent(const Summary& summary, int decimals) {
  return to_text(summary, decimals, 100) + " %";
}

}  // namespace outrider
