#include "client/families/growing/growing_predictor.h"

#include "client/core/core.h"
#include "client/families/growing/known_growth.h"
#include "knowledge/error.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"

namespace outrider::client {
namespace {

growing::GrowingTask stored_growing_task(const Store& store) {
  const auto definition = stored_content(store);
  require(definition.has_value(), "it has no network yet: let the client meet an aggregator");
  return growing::GrowingTask::decode(*definition);
}

}  // namespace

struct GrowingPredictor::Known {
  GrowthStage stage = GrowthStage::own;
  growing::MixtureNetwork network;
};

GrowingPredictor::Known GrowingPredictor::known_to(const Store& store, const growing::GrowingTask& task) {
  const Digest space = stored_definition_id(store);
  if (const auto growth = known_growth(store, space, task)) {
    growing::MixtureNetwork grown = growth->grown();
    const auto crossing = known_crossing(store, space, task, growth->event.id());
    if (!crossing) return {GrowthStage::grown, std::move(grown)};
    return {GrowthStage::crossed, growing::with_crossing(std::move(grown), *crossing)};
  }
  const auto own = growing_memory(store, space, growing::kSmallSubject);
  require(own.has_value(), "it has learned nothing yet, and knows no grown network: show the client pictures");
  return {GrowthStage::own, growing::decode_mixture(own->network, task.small, "the client's own network")};
}

GrowingPredictor::GrowingPredictor(const Store& store, int threads)
    : GrowingPredictor(store, stored_growing_task(store), threads) {}

GrowingPredictor::GrowingPredictor(const Store& store, const growing::GrowingTask& task, int threads)
    : GrowingPredictor(task, known_to(store, task), threads) {}

GrowingPredictor::GrowingPredictor(growing::GrowingTask task, const Known& known, int threads)
    : task_(std::move(task)),
      stage_(known.stage),
      plan_(growing::layout_of(known.network.form).network, known.network.weights(), threads) {}

LikelyClasses GrowingPredictor::predict(const Image& picture) {
  return likely_classes(picture, task_.preprocessing, plan_, task_.classes);
}

}  // namespace outrider::client
