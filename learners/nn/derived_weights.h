// Weights that are computed from something else in every step, with their gradients handed back: masked weights
// (supermasks) and mixtures of templates (growing networks). A thin layer over a TrainingPlan:
//
//   nn::MaskedWeight mask(plan.trainables()[0].spec, weights, scores, /*count=*/100);
//   nn::DerivedPlan derived(plan);
//   derived.derive("0.weight", mask);
//   nn::Optimizer optimizer(derived.trainables(), {.method = nn::Method::kAdam}, plan.threads());
//   for (...) {
//     fill(plan.input());
//     loss(derived.forward(), plan.output_gradient());
//     derived.backward();
//     optimizer.step(rate);
//   }
//
// Tensors here are plain, row-major as in Parameters, but what is trained of an elementwise weight lies in the plan's
// own layout: nothing is then copied between the two in a step.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "learners/nn/plan.h"
#include "learners/nn/top_selection.h"

namespace outrider::nn {

// Where the weights of one tensor come from. Implementations own what is trained and its gradients.
class DerivedWeight {
 public:
  virtual ~DerivedWeight() = default;

  // The number of effective weights.
  virtual std::size_t size() const = 0;
  // Whether effective weight i depends on the values at i alone. If so, DerivedPlan calls arrange() with the plan's
  // layout, and compute() and pull_back() work in it.
  virtual bool elementwise() const { return false; }
  // From now on position i holds what plain position order[i] is about; zeros where that is kPadding. Earlier
  // trainables() are no longer valid.
  virtual void arrange(std::span<const std::uint32_t> /*order*/) {}
  // Writes the effective weights.
  virtual void compute(std::span<float> effective) = 0;
  // Before any pull_back() of a step: gradients to zero, those shared with others as well.
  virtual void start_gradients() = 0;
  // Adds what the gradient of the effective weights means for the trainables.
  virtual void pull_back(std::span<const float> gradient) = 0;
  // What is trained; the spans stay valid as long as this.
  virtual std::vector<Trainable> trainables() = 0;
};

// Binds derived weights to tensors of a plan. Refers to the plan and the weights: they outlive it.
class DerivedPlan {
 public:
  explicit DerivedPlan(TrainingPlan& plan);

  // Throws InputError if the plan trains no tensor of that name, its size is another, or it is derived already.
  void derive(std::string_view tensor, DerivedWeight& weight);

  // As those of the plan, around computing the weights and pulling back their gradients.
  std::span<const float> forward();
  void backward();

  // The plan's trainables that are not derived, then those of the derived weights, shared ones once.
  std::vector<Trainable> trainables();

 private:
  struct Binding {
    std::size_t trainable;  // of the plan
    DerivedWeight* weight;
  };
  TrainingPlan& plan_;
  std::vector<Binding> bindings_;
  std::vector<float> scratch_;
};

// How many of `size` weights a mask of that density keeps: ceil(density * size), at least 1. Throws InputError when the
// density is not in (0, 1].
std::size_t kept_count(double density, std::size_t size);

// The mask of the `count` scores that are largest in magnitude; of equal ones the first. 1 <= count <= scores.size(). A
// NaN counts as largest.
void select_top(std::span<const float> scores, std::size_t count, std::span<std::uint8_t> mask);

// weight * mask. Edge-popup (Ramanujan et al. 2020) learns the mask: every compute() selects it anew from the scores,
// and the gradient goes straight through the selection, d scores = d effective * weight * sign(score). With the mask
// held, the weights can learn instead, on all or some places of the mask.
class MaskedWeight : public DerivedWeight {
 public:
  // Learns scores, of which the largest `count` are the mask. Throws InputError when the sizes differ.
  MaskedWeight(TensorSpec spec, std::vector<float> weights, std::vector<float> scores, std::size_t count);

  // From now on the mask stays and the weights learn where both it and `free` are 1; elsewhere their gradient is
  // exactly 0, so optimizers without weight decay leave them alone, bit for bit. trainables() changes.
  void learn_weights(std::span<const std::uint8_t> free);

  std::size_t size() const override { return spec_.size(); }
  bool elementwise() const override { return true; }
  void arrange(std::span<const std::uint32_t> order) override;
  void compute(std::span<float> effective) override;
  void start_gradients() override;
  void pull_back(std::span<const float> gradient) override;
  std::vector<Trainable> trainables() override;

  // Plain copies, as of now.
  std::vector<std::uint8_t> mask() const;
  std::vector<float> weights() const;
  std::vector<float> scores() const;

 private:
  void apply(std::span<const std::uint8_t> mask, std::span<float> effective) const;

  TensorSpec spec_;
  // In the order of arrange(); plain before it.
  std::vector<std::uint32_t> order_;
  std::vector<float> weights_;
  std::vector<float> scores_;
  TopSelector selector_;
  std::vector<std::uint8_t> held_;      // the mask while weights learn; empty while scores do
  std::vector<std::uint8_t> learning_;  // which weights
  std::vector<float> gradient_;
  bool started_ = false;  // the gradient is to begin at zero
};

// Tensors of one shape that several weights may mix.
struct Templates {
  // `templates`: count x out x in x kernel. Throws InputError when the number of values is another.
  Templates(std::int64_t count, std::vector<std::int64_t> dims, std::vector<float> templates);

  std::size_t size() const { return values.size() / static_cast<std::size_t>(count); }  // of one template
  std::span<const float> at(std::size_t index) const { return std::span(values).subspan(index * size(), size()); }

  std::int64_t count;
  std::vector<std::int64_t> dims;  // of one: out, in, then the kernel
  std::vector<float> values;
  std::vector<float> gradient;
};

// Part of a mixed weight: sum over j of coefficients[j] * templates[j], placed at these channels. Refers to the
// templates.
struct MixtureBlock {
  Templates* templates;
  std::vector<float> coefficients;  // one per template
  std::int64_t first_out = 0;
  std::int64_t first_in = 0;
};

// A weight of blocks that mix templates (MixtureGrowth, Pham et al. 2024); where no block lies it is 0.
class MixedWeight : public DerivedWeight {
 public:
  // Throws InputError when a block does not fit the tensor or its templates, or two blocks overlap.
  MixedWeight(TensorSpec spec, std::vector<MixtureBlock> blocks);

  std::size_t size() const override { return spec_.size(); }
  void compute(std::span<float> effective) override;
  void start_gradients() override;
  void pull_back(std::span<const float> gradient) override;
  // The coefficients of each block, then its templates.
  std::vector<Trainable> trainables() override;

  std::span<const MixtureBlock> blocks() const { return blocks_; }

 private:
  TensorSpec spec_;
  std::vector<MixtureBlock> blocks_;
  std::vector<std::vector<float>> coefficient_gradients_;  // per block
};

}  // namespace outrider::nn
