#include "client/learner.h"

#include "client/families/averaging/round_learner.h"
#include "client/families/growing/growing_learner.h"
#include "client/families/prototypical/prototype_learner.h"
#include "client/families/supermask/task_learner.h"
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
