// How the aggregator merges tasks: those of different names are kept side by side; one that several clients taught is
// put together from what each said.
#pragma once

#include "knowledge/family.h"
#include "learners/supermask/task_record.h"

namespace outrider {

inline constexpr std::string_view kSupermaskKind = "supermask";
inline constexpr std::size_t kMaxTaskContributors = 256;  // of one task

// One record of what several clients know of one task: their vote and their means, all weighted by examples where it
// says so. A weight is kept if it is among the most voted for (as many as the largest of the masks has; ties by the sum
// of ranks, an unranked or not kept weight counting as the last; then by position). Its value is the mean over the
// clients that keep it, weighted by their examples; running statistics are weighted means, variances around the common
// mean. Places are the least. The result is a pure function of the set, whatever its order: `said` is sorted by client.
// Pre: at least one; equal classes.
TaskRecord merge_task(const BaseNetwork& base, const std::vector<std::pair<ClientId, TaskRecord>>& said);

class SupermaskFamily : public Family {
 public:
  std::string_view kind() const override { return kSupermaskKind; }
  // merged() gives a TaskRecord without ranks.
  std::unique_ptr<Merge> make_merge() const override;
};

}  // namespace outrider
