#include "learners/baselines/dense_learner.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/encoders/batches.h"
#include "learners/encoders/network_accuracy.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/random.h"

namespace outrider::baselines {

DenseLearner::DenseLearner(const nn::NetworkSpec& network, const Preprocessing& preprocessing,
                           const DenseTraining& options)
    : preprocessing_(preprocessing), options_(options), plan_(network, options.batch, options.threads) {
  plan_.load(nn::Parameters::initial(network, options.seed));
  if (options.ewc_strength) elastic_.emplace(*options.ewc_strength);
}

void DenseLearner::learn(const Dataset& pictures, std::size_t task, const TrainingWatch& watch) {
  nn::Optimizer optimizer(plan_, {.method = nn::Method::kAdam});
  Batches batches(pictures, preprocessing_, {.size = plan_.batch(), .seed = options_.seed, .client = task});
  for (std::size_t epoch = 0; epoch < options_.epochs; ++epoch) {
    for (std::uint64_t i = 0; i < batches.batches_per_epoch(); ++i) {
      watch.look();
      const Batch& batch = batches.next();
      nn::softmax_cross_entropy(plan_.forward(batch.input), batch.labels, plan_.output_gradient());
      plan_.backward();
      if (elastic_) elastic_->add_gradient(plan_.trainables());
      optimizer.step(options_.rate);
    }
    if (!std::isfinite(nn::gradient_norm(plan_.trainables())))
      throw InputError(fmt::format(
          "training of the dense network diverged in task {}: its numbers are no longer finite; a lower rate may help",
          task + 1));
    watch.count_epoch();
  }
  if (!elastic_) return;
  const std::uint64_t seed = Random(options_.seed, "pictures for Fisher", task)();
  elastic_->consolidate(plan_.trainables(),
                        fisher_diagonal(plan_, pictures, preprocessing_, options_.ewc_samples, seed));
}

double DenseLearner::accuracy(const Dataset& pictures) const {
  return network_accuracy(plan_.spec(), plan_.parameters(), preprocessing_, pictures, plan_.threads());
}

}  // namespace outrider::baselines
