#include "simulations/federation_measurement.h"

#include <algorithm>

#include "client/predictor.h"
#include "learners/data/split.h"
#include "learners/prototypical/merge.h"

namespace outrider::simulations {
namespace {

ClassStates known_to(const AggregatorNode& aggregator, const WorldOptions::Families& families) {
  const auto states_of = [](const aggregator::Core& core) {
    ClassStates states;
    for (const protocol::KnowledgeEntry& entry : core.knowledge().entries)
      if (!entry.payload.empty())
        states.emplace_back(entry.topic.subject, decode_class_state(entry.payload, kMergedLimits));
    return states;
  };
  if (aggregator.is_up()) return states_of(aggregator.core());
  return states_of(aggregator::Core(aggregator.id(), aggregator.disk(), families()));
}

// Of all test pictures, by class.
SupersetTest test_of(const EmbeddedData& data) {
  std::map<std::string, std::vector<float>> embeddings;
  const auto tests = indices_by_class(data.test.pictures);
  for (std::size_t label = 0; label < tests.size(); ++label) {
    std::vector<float>& of_class = embeddings[data.train.pictures.classes[label]];
    for (const std::size_t test : tests[label])
      std::ranges::copy(data.test.embedding(test), std::back_inserter(of_class));
  }
  return {std::move(embeddings), data.dimension};
}

}  // namespace

FederationMeasurement::FederationMeasurement(const Federation& federation, const EmbeddedData& data,
                                             const Assignment& assignment)
    : federation_(federation), data_(data), assignment_(assignment), test_(test_of(data)) {
  const auto add_group = [&](std::span<const std::uint32_t> labels) {
    if (labels.empty()) return;
    auto& names = groups_.emplace_back();
    for (const std::uint32_t label : labels) names.push_back(data.train.pictures.classes[label]);
  };
  add_group(data.base_classes);
  groups_come_ = groups_.size();
  for (const auto& names : groups_)
    for (const std::string& name : names) test_.include(name);
  for (std::size_t step = 0; step < assignment.steps(); ++step) add_group(assignment.new_classes(step));
}

void FederationMeasurement::step_over(std::size_t step, const Shard& shard, FederationRun& run) {
  const bool last = step == assignment_.steps();
  if (!last) classes_come(step);
  FederationStep measured;
  measured.classes = test_.classes();
  const ClassStates known = known_to(*shard.aggregator(), shard.options().families);
  if (wants(FederationMethod::federated)) measured.federated = test_.accuracy(known);
  if (wants(FederationMethod::alone)) measured.alone = accuracy_alone(shard);
  if (wants(FederationMethod::central)) {
    ClassStates all = data_.base;
    for (const auto& [label, sum] : central_) all.emplace_back(data_.train.pictures.classes[label], sum.state());
    measured.central = test_.accuracy(all);
  }
  for (const auto& client : shard.clients())
    measured.bytes += client->link().bytes + shard.aggregator()->link_to(client->number()).bytes;
  measured.contributions = shard.aggregator()->ledger().accepted();
  if (!last) record_groups(known, run);
  if (last && !known.empty()) run.confusion = test_.confusion(known);
  run.steps.push_back(measured);
}

void FederationMeasurement::classes_come(std::size_t step) {
  if (!assignment_.new_classes(step).empty())
    for (const std::string& name : groups_[groups_come_++]) test_.include(name);
  add_central(step);
}

bool FederationMeasurement::wants(FederationMethod method) const {
  return std::ranges::find(federation_.methods, method) != federation_.methods.end();
}

void FederationMeasurement::add_central(std::size_t step) {
  for (std::size_t client = 0; client < assignment_.clients(); ++client)
    for (const std::uint32_t picture : assignment_.pictures(client, step)) {
      ClassStateBuilder one(data_.dimension);
      one.add(data_.train.embedding(picture));
      central_.try_emplace(data_.train.pictures.labels[picture], data_.dimension).first->second.add(one.state());
    }
}

double FederationMeasurement::accuracy_alone(const Shard& shard) const {
  const std::size_t clients = shard.clients().size();
  const std::size_t wanted = std::clamp<std::size_t>(federation_.plan.clients_measured, 1, clients);
  double sum = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    ClassStates own = client::own_classes(shard.clients()[i * clients / wanted]->disk());
    own.insert(own.end(), data_.base.begin(), data_.base.end());
    sum += test_.accuracy(own);
  }
  return sum / static_cast<double>(wanted);
}

// The row of the group that came last; a group is judged from its coming on.
void FederationMeasurement::record_groups(const ClassStates& known, FederationRun& run) const {
  if (groups_come_ == 0) return;
  if (!run.groups) {
    run.groups.emplace(groups_.size());
    run.group_classes = groups_;
  }
  for (std::size_t group = 0; group < groups_come_; ++group)
    run.groups->record(groups_come_ - 1, group, test_.accuracy_on(groups_[group], known));
}

}  // namespace outrider::simulations
