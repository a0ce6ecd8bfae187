#include "learners/nn/derived_weights.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/threads.h"

namespace outrider::nn {

DerivedPlan::DerivedPlan(TrainingPlan& plan) : plan_(plan) {}

void DerivedPlan::derive(std::string_view tensor, DerivedWeight& weight) {
  const auto trainables = plan_.trainables();
  const auto found = std::ranges::find(trainables, tensor, [](const Trainable& t) { return t.spec.name; });
  if (found == trainables.end()) throw InputError(fmt::format("the plan trains no tensor named '{}'", tensor));
  const auto index = static_cast<std::size_t>(found - trainables.begin());
  if (std::ranges::find(bindings_, index, &Binding::trainable) != bindings_.end())
    throw InputError(fmt::format("tensor {} is derived already", tensor));
  if (found->spec.size() != weight.size())
    throw InputError(
        fmt::format("tensor {} has {} values; {} are derived for it", tensor, found->spec.size(), weight.size()));
  if (weight.elementwise()) weight.arrange(plan_.layout_order(index));
  bindings_.push_back({index, &weight});
  if (!weight.elementwise()) scratch_.resize(std::max(scratch_.size(), weight.size()));
}

std::span<const float> DerivedPlan::forward() {
  const ThreadScope scope(plan_.threads());
  for (const Binding& binding : bindings_) {
    if (binding.weight->elementwise()) {
      binding.weight->compute(plan_.trainables()[binding.trainable].value);
      continue;
    }
    const auto effective = std::span(scratch_).first(binding.weight->size());
    binding.weight->compute(effective);
    plan_.set_value(binding.trainable, effective);
  }
  return plan_.forward();
}

void DerivedPlan::backward() {
  plan_.backward();
  for (const Binding& binding : bindings_) binding.weight->start_gradients();
  const ThreadScope scope(plan_.threads());
  for (const Binding& binding : bindings_) {
    if (binding.weight->elementwise()) {
      binding.weight->pull_back(plan_.trainables()[binding.trainable].gradient);
      continue;
    }
    const auto gradient = std::span(scratch_).first(binding.weight->size());
    plan_.copy_gradient(binding.trainable, gradient);
    binding.weight->pull_back(gradient);
  }
}

std::vector<Trainable> DerivedPlan::trainables() {
  std::vector<Trainable> all;
  for (std::size_t i = 0; i < plan_.trainables().size(); ++i)
    if (std::ranges::find(bindings_, i, &Binding::trainable) == bindings_.end()) all.push_back(plan_.trainables()[i]);
  for (const Binding& binding : bindings_)
    for (Trainable& trainable : binding.weight->trainables()) {
      const auto known = [&](const Trainable& other) { return other.value.data() == trainable.value.data(); };
      if (std::ranges::none_of(all, known)) all.push_back(std::move(trainable));
    }
  return all;
}

}  // namespace outrider::nn
