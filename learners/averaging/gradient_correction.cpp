#include "learners/averaging/gradient_correction.h"

#include <set>

#include "learners/averaging/update.h"

namespace outrider::averaging {
namespace {

// c - c_i in the layout of the plan: zero where it pads.
std::vector<float> control_shift(const nn::TrainingPlan& plan, std::size_t trainable, const std::vector<float>& control,
                                 const std::vector<float>& own_control) {
  std::vector<float> shift;
  for (const std::uint32_t place : plan.layout_order(trainable))
    shift.push_back(place == nn::kPadding ? 0.0F : control[place] - own_control[place]);
  return shift;
}

}  // namespace

GradientCorrection::GradientCorrection(nn::TrainingPlan& plan, const Strategy& strategy, const nn::Parameters& control,
                                       const nn::Parameters& own_control)
    : proximal_(static_cast<float>(strategy.proximal)) {
  if (strategy.proximal == 0 && !strategy.scaffold) return;
  std::set<std::string> shared;
  for (const nn::TensorSpec& tensor : shared_tensors(plan.spec(), strategy)) shared.insert(tensor.name);
  const auto trainables = plan.trainables();
  for (std::size_t i = 0; i < trainables.size(); ++i) {
    if (!shared.contains(trainables[i].spec.name)) continue;
    Part& part = parts_.emplace_back(Part{trainables[i], {}, {}});
    if (strategy.proximal > 0) part.given.assign(part.trainable.value.begin(), part.trainable.value.end());
    if (strategy.scaffold)
      part.shift = control_shift(plan, i, control.at(part.trainable.spec.name).values,
                                 own_control.at(part.trainable.spec.name).values);
  }
}

void GradientCorrection::add() const {
  for (const Part& part : parts_) {
    for (std::size_t i = 0; i < part.given.size(); ++i)
      part.trainable.gradient[i] += proximal_ * (part.trainable.value[i] - part.given[i]);
    for (std::size_t i = 0; i < part.shift.size(); ++i) part.trainable.gradient[i] += part.shift[i];
  }
}

}  // namespace outrider::averaging
