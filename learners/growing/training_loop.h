// Training by cross entropy on labelled pictures, whatever the plan. Internal to this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/local_training.h"
#include "learners/encoders/batches.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/schedule.h"

namespace outrider::growing {

// What is learned from.
struct Lessons {
  const Dataset& pictures;
  const Preprocessing& preprocessing;
  const std::vector<std::string>& classes;  // output o means classes[o]; the pictures' are some of them
};

struct LoopOptions {
  averaging::LocalWork work;  // its rate falls to 0 along half a cosine
  nn::OptimizerOptions optimizer;
  std::uint64_t seed = 0;
  std::uint64_t client = 0;
  int threads = 1;
  bool restricted = false;  // only the classes of the pictures compete
};

struct LoopResult {
  double loss = 0;  // mean over the steps
  std::uint64_t steps = 0;
};

// The output of the network for each class of the pictures.
inline std::vector<std::uint32_t> outputs_for(const Lessons& lessons) {
  require(lessons.pictures.size() > 0, "there are no pictures to learn from");
  std::vector<std::uint32_t> outputs;
  for (const std::string& name : lessons.pictures.classes) {
    const auto found = std::ranges::find(lessons.classes, name);
    require(found != lessons.classes.end(),
            fmt::format("there are pictures of '{}', which is none of the network's classes", name));
    outputs.push_back(static_cast<std::uint32_t>(found - lessons.classes.begin()));
  }
  return outputs;
}

inline std::size_t batch_for(const averaging::LocalWork& work, const Dataset& pictures) {
  return std::min(work.batch, pictures.size());
}

// Cross entropy among some of the outputs, in the order of `used`; the others have no part in it and gradients of 0.
class RestrictedLoss {
 public:
  RestrictedLoss(std::vector<std::uint32_t> used, std::size_t outputs, std::size_t batch)
      : used_(std::move(used)), outputs_(outputs), logits_(batch * used_.size()), gradient_(batch * used_.size()) {}

  // `labels`: places in `used`.
  double operator()(std::span<const float> logits, std::span<const std::uint32_t> labels, std::span<float> gradient) {
    const std::size_t k = used_.size();
    for (std::size_t i = 0; i < logits_.size(); ++i) logits_[i] = logits[i / k * outputs_ + used_[i % k]];
    const double loss = nn::softmax_cross_entropy(logits_, labels, gradient_);
    std::ranges::fill(gradient, 0.0F);
    for (std::size_t i = 0; i < gradient_.size(); ++i) gradient[i / k * outputs_ + used_[i % k]] = gradient_[i];
    return loss;
  }

 private:
  std::vector<std::uint32_t> used_;
  std::size_t outputs_;
  std::vector<float> logits_;
  std::vector<float> gradient_;
};

inline std::vector<std::uint32_t> all_outputs(std::size_t count) {
  std::vector<std::uint32_t> outputs(count);
  std::iota(outputs.begin(), outputs.end(), 0U);
  return outputs;
}

// `plan`: forward(input), output_gradient(), backward(), for batches of batch_for(). Throws InputError when a picture
// has an unknown class, learning diverged, or `done` said to stop.
template <typename Plan>
LoopResult run_training(Plan& plan, const std::vector<nn::Trainable>& trainables, const Lessons& lessons,
                        const LoopOptions& options, const averaging::StepDone& done = {}) {
  const std::vector<std::uint32_t> output_of = outputs_for(lessons);
  const std::size_t size = batch_for(options.work, lessons.pictures);
  nn::Optimizer optimizer(trainables, options.optimizer, options.threads);
  Batches batches(lessons.pictures, lessons.preprocessing,
                  {.size = size, .seed = options.seed, .client = options.client});
  const std::uint64_t steps =
      options.work.steps > 0 ? options.work.steps : options.work.epochs * batches.batches_per_epoch();
  const nn::Schedule schedule{static_cast<double>(options.work.rate), 0, nn::CosineDecay{steps, 0}};
  RestrictedLoss cross_entropy(options.restricted ? output_of : all_outputs(lessons.classes.size()),
                               lessons.classes.size(), size);
  std::vector<std::uint32_t> labels(size);
  double loss = 0;
  for (std::uint64_t step = 0; step < steps; ++step) {
    const Batch& batch = batches.next();
    std::ranges::transform(batch.labels, labels.begin(),
                           [&](std::uint32_t label) { return options.restricted ? label : output_of.at(label); });
    loss += cross_entropy(plan.forward(batch.input), labels, plan.output_gradient());
    plan.backward();
    // The loss alone does not tell: ReLU can turn a NaN into 0.
    require(std::isfinite(loss) && std::isfinite(nn::gradient_norm(trainables)),
            "training diverged: its numbers are no longer finite; a lower learning rate may help");
    optimizer.step(schedule.at(step));
    require(!done || done(step + 1, steps), "training was stopped");
  }
  return {loss / static_cast<double>(steps), steps};
}

}  // namespace outrider::growing
