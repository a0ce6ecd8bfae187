// The averaged model that a client's state knows.
#pragma once

#include <optional>

#include "learners/averaging/client_memory.h"
#include "learners/averaging/excuse.h"
#include "learners/averaging/round_record.h"
#include "storage/store.h"

namespace outrider::client {

// As the aggregator has published it last, or the part of it that this client trains; nothing before its first round.
std::optional<averaging::RoundRecord> known_round(const Store& store, const Digest& space,
                                                  const averaging::LearningTask& task);

// That has done best on pictures which clients hold out; nothing where none is known. Clients that train a part of the
// network are not sent it.
std::optional<averaging::RoundRecord> best_round(const Store& store, const Digest& space,
                                                 const averaging::LearningTask& task);

// What the client remembers of the round that it learned last; nothing before its first.
std::optional<averaging::ClientMemory> last_learned(const Store& store, const Digest& space,
                                                    const averaging::LearningTask& task);
// Why it has said that it cannot train; nothing if it has not, or has taken it back.
std::optional<averaging::Excuse> standing_excuse(const Store& store, const Digest& space);
// What it keeps from there: what came after that round if its update has been accepted or is on its way, else what was
// before. Nothing where that was of another width than what the client trains now.
averaging::ClientState own_state(const Store& store, std::optional<averaging::ClientMemory> last, double width);

}  // namespace outrider::client
