#include "learners/baselines/dense_learner.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/encoders/batches.h"
#include "learners/encoders/network_accuracy.h"
#include "learners/random.h"
#include "learners/training/loop.h"

namespace outrider::baselines {

DenseLearner::DenseLearner(const nn::NetworkSpec& network, const Preprocessing& preprocessing,
                           const DenseTraining& options)
    : preprocessing_(preprocessing), options_(options), plan_(network, options.batch, options.threads) {
  plan_.load(nn::Parameters::initial(network, options.seed));
  if (options.ewc_strength) elastic_.emplace(*options.ewc_strength);
}

void DenseLearner::learn(const Dataset& pictures, std::size_t task, const TrainingWatch& watch) {
  Batches batches(pictures, preprocessing_, {.size = plan_.batch(), .seed = options_.seed, .client = task});
  const training::BatchSource source = training::source_of(batches);
  training::Descent descent(plan_.trainables(), {.method = nn::Method::kAdam}, {options_.rate, 0, nn::ConstantRate{}},
                            plan_.threads());
  const auto diverged = [task] {
    throw InputError(fmt::format(
        "training of the dense network diverged in task {}: its numbers are no longer finite; a lower rate may help",
        task + 1));
  };
  const auto epoch_done = [&](const training::Epoch&) {
    watch.count_epoch();
    return true;
  };
  training::train(training::trainee_of(plan_), source, training::cross_entropy(), descent,
                  {training::step_count(0, options_.epochs, source), training::Look::kEveryEpoch},
                  {.before_step = [&] { watch.look(); },
                   .correct =
                       [&] {
                         if (elastic_) elastic_->add_gradient(plan_.trainables());
                       },
                   .epoch_done = epoch_done,
                   .diverged = diverged});
  if (!elastic_) return;
  const std::uint64_t seed = Random(options_.seed, "pictures for Fisher", task)();
  elastic_->consolidate(plan_.trainables(),
                        fisher_diagonal(plan_, pictures, preprocessing_, options_.ewc_samples, seed));
}

double DenseLearner::accuracy(const Dataset& pictures) const {
  return network_accuracy(plan_.spec(), plan_.parameters(), preprocessing_, pictures, plan_.threads());
}

}  // namespace outrider::baselines
