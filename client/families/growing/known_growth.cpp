#include "client/families/growing/known_growth.h"

#include "client/core/core.h"
#include "client/core/replica.h"
#include "learners/growing/merge.h"

namespace outrider::client {

Topic growing_topic(const Digest& space, std::string_view subject) {
  return {std::string(growing::kGrowingKind), space, std::string(subject)};
}

namespace {

// What is merged on the topic; nothing if there is none.
std::optional<Bytes> merged_on(const Store& store, const Digest& space, std::string_view subject) {
  return known(store, growing_topic(space, subject));
}

}  // namespace

std::optional<growing::GrowthRecord> known_growth(const Store& store, const Digest& space,
                                                  const growing::GrowingTask& task) {
  const auto payload = merged_on(store, space, growing::kGrowthSubject);
  if (!payload) return std::nullopt;
  return growing::GrowthRecord::decode(*payload, task);
}

std::optional<growing::Crossing> known_crossing(const Store& store, const Digest& space,
                                                const growing::GrowingTask& task, const Digest& event) {
  const auto payload = merged_on(store, space, growing::kCrossingSubject);
  if (!payload) return std::nullopt;
  growing::Crossing crossing = growing::Crossing::decode(*payload, task.grown_form(), "the merged crossing");
  if (crossing.event != event) return std::nullopt;
  return crossing;
}

std::optional<growing::GrowingMemory> growing_memory(const Store& store, const Digest& space,
                                                     std::string_view subject) {
  const auto memory = lesson_memory(store, growing_topic(space, subject));
  if (!memory) return std::nullopt;
  return growing::GrowingMemory::decode(*memory);
}

}  // namespace outrider::client
