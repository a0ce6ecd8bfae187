#include "client/families/prototypical/predictor.h"

#include <algorithm>
#include <map>

#include "client/core/core.h"
#include "knowledge/error.h"
#include "learners/data/resize.h"
#include "learners/prototypical/caution.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"

namespace outrider::client {
namespace {

using Classes = std::vector<std::pair<std::string, ClassState>>;

Classes at_least_one(Classes classes) {
  if (classes.empty())
    throw InputError(
        "this client knows no class yet: put pictures into its data folder, one folder per class, or let "
        "it meet an aggregator that knows some");
  return classes;
}

}  // namespace

Classes own_classes(const Store& store) {
  const Digest encoder = stored_definition_id(store);
  Classes classes;
  if (encoder.empty()) return classes;
  for_each_lesson(store, std::string(kPrototypeKind), encoder, [&](const Topic& topic, ByteView memory) {
    if (!memory.empty()) classes.emplace_back(topic.subject, ClassMemory::decode(memory).state());  // else taken back
  });
  return classes;
}

Classes known_classes(const Store& store) {
  const Digest encoder = stored_definition_id(store);
  if (encoder.empty()) return {};
  std::map<std::string, ClassState> own;
  for (auto& [name, state] : own_classes(store)) own.emplace(name, std::move(state));
  std::map<std::string, ClassState> known = own;
  for_each_known(store, std::string(kPrototypeKind), encoder, [&](const Topic& topic, ByteView payload) {
    known.insert_or_assign(topic.subject, decode_class_state(payload, kMergedLimits, "class '" + topic.subject + "'"));
  });
  Classes classes(std::make_move_iterator(known.begin()), std::make_move_iterator(known.end()));
  set_caution(classes);
  for (auto& [name, state] : classes)
    if (own.contains(name)) state.caution = 1;  // a client trusts itself
  return classes;
}

Encoder load_encoder(const Store& store) {
  const auto blob = stored_content(store);
  if (!blob) throw InputError("this client has no encoder yet: it fetches one when it first meets its aggregator");
  return Encoder::decode(*blob);
}

Predictor::Predictor(const Store& store, Head head, int threads)
    : Predictor(store, known_classes(store), head, threads) {}

Predictor::Predictor(const Store& store, const Classes& classes, Head head, int threads)
    : embedder_(load_encoder(store), threads),
      classifier_(at_least_one(classes), head),
      novelty_(classes, own_classes(store)) {}

Answer Predictor::predict(const Image& picture) {
  std::vector<float> embedding(embedder_.dimension());
  embedder_.embed(resize(picture, embedder_.input()).pixels, embedding);
  const auto& names = classifier_.classes();
  Answer answer;
  answer.strangeness = novelty_.strangeness(embedding);
  const std::vector<float> distances = classifier_.distances(embedding);
  for (std::size_t k = 0; k < names.size(); ++k) answer.distances.emplace_back(names[k], distances[k]);
  std::ranges::stable_sort(answer.distances, {}, &std::pair<std::string, float>::second);
  return answer;
}

}  // namespace outrider::client
