// What a network's outputs say of a picture.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/any_predictor.h"
#include "learners/data/image.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/plan.h"

namespace outrider::client {

struct LikelyClasses {
  std::string class_name;
  double probability = 0;
  std::string runner_up;
  double runner_up_probability = 0;
  std::vector<std::pair<std::string, double>> shares{};  // of all classes, the largest first
};

// The two largest by softmax. Pre: as many logits as classes, at least 2.
LikelyClasses likely_classes(std::span<const float> logits, const std::vector<std::string>& classes);

// Of a picture of any size, by a network whose outputs are scores of the classes.
LikelyClasses likely_classes(const Image& picture, const Preprocessing& preprocessing, nn::InferencePlan& plan,
                             const std::vector<std::string>& classes);

Ranking ranking_of(const LikelyClasses& answer);

// Answers with a network whose outputs are classes.
template <typename Predicting>
class SharesPredictor : public AnyPredictor {
 public:
  template <typename... Arguments>
  explicit SharesPredictor(Arguments&&... arguments) : predictor_(std::forward<Arguments>(arguments)...) {}

  Ranking rank(const Image& picture) override { return ranking_of(predictor_.predict(picture)); }
  std::string_view measure() const override { return "probability"; }

 private:
  Predicting predictor_;
};

}  // namespace outrider::client
