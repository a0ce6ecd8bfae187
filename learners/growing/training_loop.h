// What a mixture is taught and how its loss is set up, whatever the plan; the loop is training/loop.h.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/dataset.h"
#include "learners/encoders/batches.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/training/local_work.h"
#include "learners/training/loop.h"

namespace outrider::growing {

// What is learned from.
struct Lessons {
  const Dataset& pictures;
  const Preprocessing& preprocessing;
  const std::vector<std::string>& classes;  // output o means classes[o]; the pictures' are some of them
};

struct LoopOptions {
  training::LocalWork work;  // its rate falls to 0 along half a cosine
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

inline std::size_t batch_for(const training::LocalWork& work, const Dataset& pictures) {
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

// `plan`: forward(input), output_gradient(), backward(), for batches of batch_for(). Throws InputError when a picture
// has an unknown class, learning diverged, or `done` said to stop.
template <typename Plan>
LoopResult run_training(Plan& plan, const std::vector<nn::Trainable>& trainables, const Lessons& lessons,
                        const LoopOptions& options, const training::StepDone& done = {}) {
  const std::vector<std::uint32_t> output_of = outputs_for(lessons);
  const std::size_t size = batch_for(options.work, lessons.pictures);
  Batches batches(lessons.pictures, lessons.preprocessing,
                  {.size = size, .seed = options.seed, .client = options.client});
  const training::BatchSource source = training::source_of(batches);
  const std::uint64_t steps = training::step_count(options.work.steps, options.work.epochs, source);
  training::Descent descent(trainables, options.optimizer,
                            {static_cast<double>(options.work.rate), 0, nn::CosineDecay{steps, 0}}, options.threads);
  const training::Loss loss =
      options.restricted ? RestrictedLoss(output_of, lessons.classes.size(), size) : training::cross_entropy(output_of);
  const training::Outcome outcome =
      training::train(training::trainee_of(plan, trainables), source, loss, descent, {steps}, {.step_done = done});
  require(outcome.finished, "training was stopped");
  return {outcome.loss, outcome.steps};
}

}  // namespace outrider::growing
