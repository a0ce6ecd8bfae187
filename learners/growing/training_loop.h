// Training by cross entropy on labelled pictures, whatever the plan. Internal to this folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
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

// `plan`: forward(input), output_gradient(), backward(), for batches of batch_for(). Throws InputError when a picture
// has an unknown class, learning diverged, or `done` said to stop.
template <typename Plan>
LoopResult run_training(Plan& plan, const std::vector<nn::Trainable>& trainables, const Lessons& lessons,
                        const LoopOptions& options, const averaging::StepDone& done = {}) {
  options.work.check();
  const std::vector<std::uint32_t> output_of = outputs_for(lessons);
  const std::size_t size = batch_for(options.work, lessons.pictures);
  nn::Optimizer optimizer(trainables, options.optimizer, options.threads);
  Batches batches(lessons.pictures, lessons.preprocessing,
                  {.size = size, .seed = options.seed, .client = options.client});
  const std::uint64_t steps =
      options.work.steps > 0 ? options.work.steps : options.work.epochs * batches.batches_per_epoch();
  const nn::Schedule schedule{static_cast<double>(options.work.rate), 0, nn::CosineDecay{steps, 0}};
  std::vector<std::uint32_t> labels(size);
  double loss = 0;
  for (std::uint64_t step = 0; step < steps; ++step) {
    const Batch& batch = batches.next();
    std::ranges::transform(batch.labels, labels.begin(), [&](std::uint32_t label) { return output_of.at(label); });
    loss += nn::softmax_cross_entropy(plan.forward(batch.input), labels, plan.output_gradient());
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
