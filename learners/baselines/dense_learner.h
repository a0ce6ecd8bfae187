// What masks are compared with: one dense network that is trained on one task after the other.
#pragma once

#include <cstdint>
#include <optional>

#include "learners/baselines/elastic_weights.h"
#include "learners/data/dataset.h"
#include "learners/encoders/encoder.h"
#include "learners/nn/plan.h"
#include "learners/training/training_watch.h"

namespace outrider::baselines {

struct DenseTraining {
  std::size_t epochs = 10;
  std::size_t batch = 64;
  float rate = 0.001F;                // of Adam, which starts afresh with every task
  std::optional<float> ewc_strength;  // nothing: plain fine-tuning, which forgets (McCloskey and Cohen 1989)
  std::size_t ewc_samples = 200;
  std::uint64_t seed = 0;
  int threads = 0;  // part of the result
};

class DenseLearner {
 public:
  DenseLearner(const nn::NetworkSpec& network, const Preprocessing& preprocessing, const DenseTraining& options);

  // Tasks count from 0; each has at least a batch of pictures. Throws InputError when training diverges.
  void learn(const Dataset& pictures, std::size_t task, const TrainingWatch& watch = {});
  // The share of pictures whose largest output is at their label.
  double accuracy(const Dataset& pictures) const;
  nn::Parameters parameters() const { return plan_.parameters(); }

 private:
  Preprocessing preprocessing_;
  DenseTraining options_;
  nn::TrainingPlan plan_;
  std::optional<ElasticWeights> elastic_;
};

}  // namespace outrider::baselines
