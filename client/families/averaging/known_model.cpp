#include "client/families/averaging/known_model.h"

#include "client/core/core.h"
#include "client/core/replica.h"
#include "learners/averaging/merge.h"

namespace outrider::client {
namespace {

bool is_contributed(const Store& store, const Digest& update) {
  bool found = false;
  store.scan(Column::contributions, {}, [&](ByteView, ByteView contribution) {
    const StoredContribution stored = decode_stored_contribution(contribution);
    found |=
        (stored.parts.empty() ? Digest::of(stored.contribution.payload) : decode_large(stored.parts).name) == update;
  });
  return found;
}

}  // namespace

std::optional<averaging::RoundRecord> known_round(const Store& store, const Digest& space,
                                                  const averaging::LearningTask& task) {
  std::optional<averaging::RoundRecord> newest;
  for_each_known(store, std::string(averaging::kAveragingKind), space, [&](const Topic& topic, ByteView payload) {
    if (!averaging::width_of_model(topic.subject)) return;
    averaging::RoundRecord found = averaging::decode_round_record(payload, task);
    if (!newest || newest->state.round < found.state.round) newest = std::move(found);
  });
  return newest;
}

std::optional<averaging::RoundRecord> best_round(const Store& store, const Digest& space,
                                                 const averaging::LearningTask& task) {
  const auto payload =
      known(store, {std::string(averaging::kAveragingKind), space, std::string(averaging::kBestSubject)});
  return payload ? std::optional(averaging::decode_round_record(*payload, task)) : std::nullopt;
}

std::optional<averaging::ClientMemory> last_learned(const Store& store, const Digest& space,
                                                    const averaging::LearningTask& task) {
  std::optional<averaging::ClientMemory> last;
  for_each_lesson(store, std::string(averaging::kAveragingKind), space, [&](const Topic& topic, ByteView memory) {
    if (topic.subject == averaging::kExcuseSubject) return;
    averaging::ClientMemory found = averaging::ClientMemory::decode(memory, task);
    if (!last || last->round < found.round) last = std::move(found);
  });
  return last;
}

std::optional<averaging::Excuse> standing_excuse(const Store& store, const Digest& space) {
  const auto memory =
      lesson_memory(store, {std::string(averaging::kAveragingKind), space, std::string(averaging::kExcuseSubject)});
  return memory && !memory->empty() ? std::optional(averaging::decode_excuse(*memory)) : std::nullopt;
}

averaging::ClientState own_state(const Store& store, std::optional<averaging::ClientMemory> last, double width) {
  if (!last || last->width != width) return {};
  return is_contributed(store, last->update) ? std::move(last->after) : std::move(last->before);
}

}  // namespace outrider::client
