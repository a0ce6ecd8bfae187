#include "client/growing_predictor.h"

#include "client/core.h"
#include "client/known_growth.h"
#include "knowledge/error.h"
#include "learners/data/resize.h"
#include "learners/encoders/embedder.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"

namespace outrider::client {
namespace {

growing::GrowingTask stored_growing_task(const Store& store) {
  const auto definition = stored_definition(store);
  require(definition.has_value(), "it has no network yet: let the client meet an aggregator");
  return growing::GrowingTask::decode(*definition);
}

}  // namespace

struct GrowingPredictor::Known {
  GrowthStage stage = GrowthStage::own;
  growing::MixtureNetwork network;
};

GrowingPredictor::Known GrowingPredictor::known_to(const Store& store, const growing::GrowingTask& task) {
  const Digest space = stored_encoder(store);
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
    : GrowingPredictor(stored_growing_task(store), known_to(store, stored_growing_task(store)), threads) {}

GrowingPredictor::GrowingPredictor(growing::GrowingTask task, const Known& known, int threads)
    : task_(std::move(task)),
      stage_(known.stage),
      plan_(growing::layout_of(known.network.form).network, known.network.weights(), threads) {}

LikelyClasses GrowingPredictor::predict(const Image& picture) {
  const Image resized = resize(picture, task_.preprocessing.input);
  const auto values = pixel_values(task_.preprocessing);
  std::vector<float> logits(task_.classes.size());
  plan_.forward(
      1, [&](std::size_t, std::span<float> input) { preprocess(resized.pixels, values, input); }, logits);
  return likely_classes(logits, task_.classes);
}

}  // namespace outrider::client
