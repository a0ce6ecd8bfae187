// The way down: optimizers, each with the schedule of its rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "learners/nn/optimizer.h"
#include "learners/nn/schedule.h"

namespace outrider::training {

class Descent {
 public:
  Descent() = default;
  // All of the trainables at one rate.
  Descent(std::span<const nn::Trainable> trainables, const nn::OptimizerOptions& options, const nn::Schedule& schedule,
          int threads) {
    add(trainables, options, schedule, threads);
  }

  // Some more trainables, at a rate of their own.
  void add(std::span<const nn::Trainable> trainables, const nn::OptimizerOptions& options, const nn::Schedule& schedule,
           int threads) {
    parts_.push_back({nn::Optimizer(trainables, options, threads), schedule});
  }

  // `number`: of the step, from 0.
  void step(std::uint64_t number) {
    for (Part& part : parts_) part.optimizer.step(part.schedule.at(number));
  }

  // Of what was added as number `part`, for who keeps training on the way.
  const nn::OptimizerState& state(std::size_t part = 0) const { return parts_.at(part).optimizer.state(); }
  void restore(nn::OptimizerState state, std::size_t part = 0) { parts_.at(part).optimizer.restore(std::move(state)); }

 private:
  struct Part {
    nn::Optimizer optimizer;
    nn::Schedule schedule;
  };
  std::vector<Part> parts_;
};

}  // namespace outrider::training
