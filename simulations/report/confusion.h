// Which classes are taken for which, with their names: for programs and as a part of a page.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "learners/evaluation/confusion_matrix.h"
#include "simulations/report/page.h"

namespace outrider::simulations {

struct Confusion {
  std::vector<std::string> classes;  // names for those of `counts`
  ConfusionMatrix counts{0};
};

// {"coat": {"coat": 90, "shirt": 10}, ...}: by true class, how often each class was predicted; zeros are left out.
nlohmann::json as_json(const Confusion& confusion);

// A heat map of up to 24 classes, beyond that the pairs that are confused most; and what is known of each class.
Section confusion_section(const Confusion& confusion);

}  // namespace outrider::simulations
