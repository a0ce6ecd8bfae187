// Whether an embedding is like any known class at all: out-of-distribution detection by the distance to class means.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "learners/prototypical/class_state.h"

namespace outrider {

// Immutable; several threads may ask at once.
//
// An embedding z of a class with mean c of n examples and spread s, the expected squared distance of its examples from
// their true mean, has E|z - c|^2 = s (1 + 1/n). z is unlike the class where |z - c|^2 exceeds that by more than 99 in
// 100 examples would: where the squared distance is a scaled chi-squared variable whose degrees of freedom follow from
// the pooled variances v_j of the dimensions, (sum v_j)^2 / sum v_j^2 (Satterthwaite 1946; quantile by Wilson and
// Hilferty 1931). That is a rule and not a promise: spread differs within classes, see docs/evaluation.md for what was
// measured. s of a class of n examples with squared deviations M2 is (M2 + 10 s_pooled) / (n - 1 + 10), where s_pooled
// is the pooled one of all classes: so a class of one example, or whose deviations nobody knows, has the average.
class Novelty {
 public:
  using Classes = std::vector<std::pair<std::string, ClassState>>;

  // `own`: what tells the spread of classes that keep no deviations in `classes`; its other classes do not count. At
  // least one class; dimensions agree.
  Novelty(const Classes& classes, const Classes& own);

  // How strange the embedding is to the class that it is least strange to: above 1 it is unlike all of them. Nothing
  // where no class tells any spread.
  std::optional<double> strangeness(std::span<const float> embedding) const;

 private:
  struct Cloud {
    std::vector<float> mean;
    double farthest = 0;  // squared distance from the mean that is still like the class
  };
  std::vector<Cloud> clouds_;  // empty: no spread is known
};

}  // namespace outrider
