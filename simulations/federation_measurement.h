// How good a federation's knowledge is: measured between events, on test pictures that no client has.
#pragma once

#include <map>
#include <vector>

#include "learners/prototypical/exact_class_sum.h"
#include "simulations/assignment.h"
#include "simulations/embedded_data.h"
#include "simulations/federation_report.h"
#include "simulations/measurement.h"
#include "simulations/prototype_curriculum.h"

namespace outrider::simulations {

class FederationMeasurement {
 public:
  // Everything must outlive it.
  FederationMeasurement(const Federation& federation, const EmbeddedData& data, const Assignment& assignment);

  // Of what the aggregator knows, what single clients know and what one learner with all pictures would know. On rank 0
  // of a world of one; `step` counts from 0.
  void step_over(std::size_t step, const Shard& shard, FederationRun& run);

 private:
  using Labels = std::vector<std::uint32_t>;

  Labels labels_so_far(std::size_t step) const;
  void add_central(std::size_t step);
  // For each test picture in the order of `tests`: the label that `known` gives it.
  Labels predict(const ClassStates& known, const std::vector<std::size_t>& tests) const;
  double accuracy(const ClassStates& known, const Labels& labels) const;
  double accuracy_alone(const Shard& shard, const Labels& labels) const;
  void record_groups(std::size_t step, const ClassStates& known, FederationRun& run);
  void record_confusion(const ClassStates& known, const Labels& labels, FederationRun& run) const;
  std::vector<std::size_t> tests_of(const Labels& labels) const;
  bool wants(FederationMethod method) const;

  const Federation& federation_;
  const EmbeddedData& data_;
  const Assignment& assignment_;
  std::vector<std::vector<std::size_t>> tests_;  // by label
  std::map<std::string, std::uint32_t> labels_;  // by name
  std::map<std::uint32_t, ExactClassSum> central_;
  std::vector<Labels> groups_;
};

}  // namespace outrider::simulations
