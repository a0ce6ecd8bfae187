// What the aggregator keeps on record of a growth, and clients get of it: the event with the parts themselves, so that
// it does not matter what their clients say later (growing.capnp).
#pragma once

#include <vector>

#include "knowledge/contribution.h"
#include "learners/growing/growing_task.h"
#include "learners/growing/growth_event.h"

namespace outrider::growing {

struct GrowthRecord {
  GrowthEvent event;
  std::vector<ClientId> clients;      // whose parts they are
  std::vector<MixtureNetwork> parts;  // in the order of the event

  bool operator==(const GrowthRecord&) const = default;

  // The growth of these parts as the task has it.
  static GrowthRecord of(const GrowingTask& task, std::vector<ClientId> clients, std::vector<MixtureNetwork> parts);

  // The grown network before anybody trained crossings; the same bits for all.
  MixtureNetwork grown() const { return rebuild(event, parts); }

  Bytes encode() const;
  // Throws InputError when the bytes are malformed, or no growth of this task from the very parts that it names.
  static GrowthRecord decode(ByteView bytes, const GrowingTask& task);
};

}  // namespace outrider::growing
