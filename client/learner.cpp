#include "client/learner.h"

#include "client/growing_learner.h"
#include "client/prototype_learner.h"
#include "client/round_learner.h"
#include "client/task_learner.h"
#include "knowledge/error.h"

namespace outrider::client {

std::unique_ptr<Learner> make_learner(const Digest& definition, const Store& store, const LearnerOptions& options) {
  const auto blob = store.get(Column::blobs, definition.view());
  if (!blob) throw InputError("the state does not hold the definition " + definition.brief() + " to learn with");
  if (BaseNetwork::recognises(*blob))
    return std::make_unique<TaskLearner>(definition, BaseNetwork::decode(*blob), store, options);
  if (averaging::LearningTask::recognises(*blob))
    return std::make_unique<RoundLearner>(definition, averaging::LearningTask::decode(*blob), store, options);
  if (growing::GrowingTask::recognises(*blob))
    return std::make_unique<GrowingLearner>(definition, growing::GrowingTask::decode(*blob), store, options);
  auto learner =
      std::make_unique<PrototypeLearner>(options.data, store, options.threads, options.form, options.keep_deleted);
  learner->use(definition);
  return learner;
}

}  // namespace outrider::client
