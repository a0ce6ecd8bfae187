#include "learners/growing/mixture_training.h"

#include "learners/growing/training_loop.h"
#include "learners/training/loop.h"

namespace outrider::growing {
namespace {

// A client's id as a key of random numbers.
std::uint64_t number_of(const ClientId& client) {
  std::uint64_t number = 0;
  std::memcpy(&number, client.bytes.data(), sizeof number);
  return number;
}

}  // namespace

TrainedMixture train_mixture(const MixtureNetwork& network, const Preprocessing& preprocessing,
                             const std::vector<std::string>& classes, const Dataset& pictures,
                             const MixtureTraining& training, const training::StepDone& done) {
  const Lessons lessons{pictures, preprocessing, classes};
  outputs_for(lessons);
  MixturePlan plan(network, batch_for(training.work, pictures), training.threads, training.pieces);
  const std::uint64_t client = number_of(training.client);
  plan.plan().set_dropout_key({training.seed, client, 0});
  const LoopResult result = run_training(
      plan, plan.trainables(), lessons,
      {training.work, training.optimizer, training.seed, client, training.threads, training.restricted}, done);
  TrainedMixture trained{plan.network(), result.loss, result.steps};
  trained.network.check("what was learned");
  return trained;
}

}  // namespace outrider::growing
