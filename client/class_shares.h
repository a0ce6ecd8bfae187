// What a network's outputs say of a picture.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace outrider::client {

struct LikelyClasses {
  std::string class_name;
  double probability = 0;
  std::string runner_up;
  double runner_up_probability = 0;
};

// The two largest by softmax. Pre: as many logits as classes, at least 2.
LikelyClasses likely_classes(std::span<const float> logits, const std::vector<std::string>& classes);

}  // namespace outrider::client
