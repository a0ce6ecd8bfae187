#include "client/families/averaging/model_predictor.h"

#include "client/core/core.h"
#include "client/families/averaging/known_model.h"
#include "knowledge/error.h"
#include "learners/surgery/narrow.h"

namespace outrider::client {
namespace {

averaging::LearningTask stored_task(const Store& store) {
  const auto definition = stored_content(store);
  require(definition.has_value(), "it has no model yet: let the client meet an aggregator");
  return averaging::LearningTask::decode(*definition);
}

averaging::RoundRecord require_round(const Store& store, const averaging::LearningTask& task) {
  auto record = known_round(store, stored_definition_id(store), task);
  require(record.has_value(), "it knows no round of training yet: let the client meet its aggregator");
  return *std::move(record);
}

// Those of the best round, where one is known.
averaging::ServerState served(const Store& store, const averaging::LearningTask& task,
                              const averaging::RoundRecord& newest) {
  const auto best = newest.width == 1 ? best_round(store, stored_definition_id(store), task) : std::nullopt;
  return best ? best->state : newest.state;
}

}  // namespace

ModelPredictor::ModelPredictor(const Store& store, int threads) : ModelPredictor(store, stored_task(store), threads) {}

ModelPredictor::ModelPredictor(const Store& store, const averaging::LearningTask& task, int threads)
    : ModelPredictor(store, require_round(store, task), task, threads) {}

ModelPredictor::ModelPredictor(const Store& store, const averaging::RoundRecord& given,
                               const averaging::LearningTask& task, int threads)
    : ModelPredictor(given, served(store, task, given),
                     own_state(store, last_learned(store, stored_definition_id(store), task), given.width), task,
                     threads) {}

ModelPredictor::ModelPredictor(const averaging::RoundRecord& given, const averaging::ServerState& served,
                               const averaging::ClientState& own, averaging::LearningTask task, int threads)
    : task_(std::move(task)),
      round_(given.state.round),
      served_(served.round),
      width_(given.width),
      plan_(surgery::narrow_network(task_.network, width_), averaging::personal_weights(served, own), threads) {}

LikelyClasses ModelPredictor::predict(const Image& picture) {
  return likely_classes(picture, task_.preprocessing, plan_, task_.classes);
}

}  // namespace outrider::client
