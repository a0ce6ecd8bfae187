// Growth in the federation: clients' small networks become one large network, whose crossings those train who can.
#pragma once

#include <string_view>

#include "knowledge/family.h"
#include "learners/growing/growing_task.h"

namespace outrider::growing {

inline constexpr std::string_view kGrowingKind = "growing";

// Topics of a space, which is a GrowingTask's id.
inline constexpr std::string_view kGrowthSubject = "@growth";     // the aggregator's: a GrowthRecord, once
inline constexpr std::string_view kSmallSubject = "small";        // a client's own network (mixture_wire.h)
inline constexpr std::string_view kCrossingSubject = "crossing";  // what a client trained of the grown one (crossing.h)

// When as many clients as the task has parts have said their small networks, the aggregator says the growth once, with
// those parts: of more clients the first by id. It counts from then on, whatever becomes of the small networks; later
// ones are accepted, but nothing grows of them. The merged crossing is the mean of all clients' latest, weighted by
// samples, in the order of clients; it is empty while there is none. Small networks are not handed on.
class GrowingFamily : public Family {
 public:
  std::string_view kind() const override { return kGrowingKind; }
  std::unique_ptr<Merge> make_merge() const override;
};

}  // namespace outrider::growing
