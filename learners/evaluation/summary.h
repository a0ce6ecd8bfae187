// A figure measured several times, over seeds or episodes.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace outrider {

struct Summary {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  // standard deviation of the sample (n - 1); 0 where count is 1

  bool operator==(const Summary&) const = default;
  // Half the width of the 95 % confidence interval of the mean, by the normal approximation: 1.96 deviation / sqrt(n).
  // Few-shot accuracies over hundreds of episodes are published with it.
  double confidence95() const;
};

// Throws InputError when there are no values or one is not finite.
Summary summarise(std::span<const double> values);

// "98.80 ± 0.12": mean and standard deviation times `scale`, with `decimals` digits; the mean alone where count is 1.
std::string to_text(const Summary& summary, int decimals = 2, double scale = 1);
// As to_text in percent: "98.80 ± 0.12 %".
std::string to_percent(const Summary& summary, int decimals = 2);

}  // namespace outrider
