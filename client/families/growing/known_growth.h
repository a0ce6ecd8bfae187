// What a client's state knows of a network that grows.
#pragma once

#include <optional>

#include "learners/growing/crossing.h"
#include "learners/growing/growing_memory.h"
#include "learners/growing/growth_record.h"
#include "storage/store.h"

namespace outrider::client {

// As the aggregator has said it; nothing before the growth.
std::optional<growing::GrowthRecord> known_growth(const Store& store, const Digest& space,
                                                  const growing::GrowingTask& task);

// What capable clients have learned of that growth, merged; nothing before the first of them.
std::optional<growing::Crossing> known_crossing(const Store& store, const Digest& space,
                                                const growing::GrowingTask& task, const Digest& event);

// What the client remembers of what it taught last on the subject; nothing before.
std::optional<growing::GrowingMemory> growing_memory(const Store& store, const Digest& space, std::string_view subject);

Topic growing_topic(const Digest& space, std::string_view subject);

}  // namespace outrider::client
