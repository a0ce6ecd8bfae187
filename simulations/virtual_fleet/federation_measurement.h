// How good a federation's knowledge is: measured between events, on test pictures that no client has.
#pragma once

#include <map>
#include <vector>

#include "learners/prototypical/exact_class_sum.h"
#include "simulations/pretraining/measurement.h"
#include "simulations/virtual_fleet/assignment.h"
#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/virtual_fleet/federation_report.h"
#include "simulations/virtual_fleet/prototype_curriculum.h"
#include "simulations/world/exchange.h"

namespace outrider::simulations {

class FederationMeasurement {
 public:
  // Everything must outlive it.
  FederationMeasurement(const Federation& federation, const EmbeddedData& data, const Assignment& assignment);

  // Of what the aggregator knows, what single clients know and what one learner with all pictures would know. On all
  // ranks; complete on rank 0. `step` counts from 0.
  void step_over(std::size_t step, const Shard& shard, Exchange& exchange, FederationRun& run);

 private:
  void classes_come(std::size_t step);
  void add_central(std::size_t step);
  std::vector<std::uint32_t> judged_alone() const;
  Bytes part_of(const Shard& shard) const;
  void add_parts(const std::vector<Bytes>& parts, FederationStep& measured) const;
  void record_groups(const ClassStates& known, FederationRun& run) const;
  bool wants(FederationMethod method) const;

  const Federation& federation_;
  const EmbeddedData& data_;
  const Assignment& assignment_;
  SupersetTest test_;
  std::vector<std::vector<std::string>> groups_;  // of classes: the base, then what comes together
  std::size_t groups_come_ = 0;
  std::map<std::uint32_t, ExactClassSum> central_;  // by label
};

}  // namespace outrider::simulations
