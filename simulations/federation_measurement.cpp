#include "simulations/federation_measurement.h"

#include <algorithm>

#include "client/predictor.h"
#include "learners/data/split.h"
#include "learners/prototypical/classifier.h"
#include "learners/prototypical/merge.h"

namespace outrider::simulations {
namespace {

constexpr std::uint32_t kNoLabel = 0xffffffff;

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

}  // namespace

FederationMeasurement::FederationMeasurement(const Federation& federation, const EmbeddedData& data,
                                             const Assignment& assignment)
    : federation_(federation), data_(data), assignment_(assignment), tests_(indices_by_class(data.test.pictures)) {
  const auto& names = data.train.pictures.classes;
  for (std::uint32_t label = 0; label < names.size(); ++label) labels_[names[label]] = label;
  if (!data.base_classes.empty()) groups_.push_back(data.base_classes);
  for (std::size_t step = 0; step < assignment.steps(); ++step)
    if (const auto added = assignment.new_classes(step); !added.empty())
      groups_.emplace_back(added.begin(), added.end());
}

void FederationMeasurement::step_over(std::size_t step, const Shard& shard, FederationRun& run) {
  const bool last = step == assignment_.steps();
  const Labels labels = labels_so_far(std::min(step, assignment_.steps() - 1));
  FederationStep measured;
  measured.classes = labels.size();
  const ClassStates known = known_to(*shard.aggregator(), shard.options().families);
  if (!last) add_central(step);
  if (wants(FederationMethod::federated)) measured.federated = accuracy(known, labels);
  if (wants(FederationMethod::alone)) measured.alone = accuracy_alone(shard, labels);
  if (wants(FederationMethod::central)) {
    ClassStates all = data_.base;
    for (const auto& [label, sum] : central_) all.emplace_back(data_.train.pictures.classes[label], sum.state());
    measured.central = accuracy(all, labels);
  }
  for (const auto& client : shard.clients())
    measured.bytes += client->link().bytes + shard.aggregator()->link_to(client->number()).bytes;
  measured.contributions = shard.aggregator()->ledger().accepted();
  if (last) {
    record_confusion(known, labels, run);
  } else {
    record_groups(step, known, run);
  }
  run.steps.push_back(measured);
}

bool FederationMeasurement::wants(FederationMethod method) const {
  return std::ranges::find(federation_.methods, method) != federation_.methods.end();
}

FederationMeasurement::Labels FederationMeasurement::labels_so_far(std::size_t step) const {
  Labels labels = data_.base_classes;
  std::ranges::copy(assignment_.classes(step), std::back_inserter(labels));
  return labels;
}

void FederationMeasurement::add_central(std::size_t step) {
  for (std::size_t client = 0; client < assignment_.clients(); ++client)
    for (const std::uint32_t picture : assignment_.pictures(client, step)) {
      ClassStateBuilder one(data_.dimension);
      one.add(data_.train.embedding(picture));
      central_.try_emplace(data_.train.pictures.labels[picture], data_.dimension).first->second.add(one.state());
    }
}

std::vector<std::size_t> FederationMeasurement::tests_of(const Labels& labels) const {
  std::vector<std::size_t> tests;
  for (const std::uint32_t label : labels) tests.insert(tests.end(), tests_[label].begin(), tests_[label].end());
  return tests;
}

FederationMeasurement::Labels FederationMeasurement::predict(const ClassStates& known,
                                                             const std::vector<std::size_t>& tests) const {
  if (known.empty()) return Labels(tests.size(), kNoLabel);
  const PrototypeClassifier classifier(known);
  std::vector<float> embeddings;
  embeddings.reserve(tests.size() * data_.dimension);
  for (const std::size_t test : tests) std::ranges::copy(data_.test.embedding(test), std::back_inserter(embeddings));
  Labels predicted;
  for (const Prediction& prediction : classifier.predict(embeddings)) {
    const auto found = labels_.find(classifier.classes()[prediction.nearest]);
    predicted.push_back(found == labels_.end() ? kNoLabel : found->second);  // a name that a liar made up
  }
  return predicted;
}

double FederationMeasurement::accuracy(const ClassStates& known, const Labels& labels) const {
  const std::vector<std::size_t> tests = tests_of(labels);
  if (tests.empty()) return 0;
  const Labels predicted = predict(known, tests);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < tests.size(); ++i)
    correct += predicted[i] == data_.test.pictures.labels[tests[i]] ? 1 : 0;
  return static_cast<double>(correct) / static_cast<double>(tests.size());
}

double FederationMeasurement::accuracy_alone(const Shard& shard, const Labels& labels) const {
  const std::size_t clients = shard.clients().size();
  const std::size_t wanted = std::clamp<std::size_t>(federation_.plan.clients_measured, 1, clients);
  double sum = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    ClassStates own = client::own_classes(shard.clients()[i * clients / wanted]->disk());
    own.insert(own.end(), data_.base.begin(), data_.base.end());
    sum += accuracy(own, labels);
  }
  return sum / static_cast<double>(wanted);
}

// Rows for steps that brought new classes; a group is judged from then on.
void FederationMeasurement::record_groups(std::size_t step, const ClassStates& known, FederationRun& run) {
  if (groups_.empty()) return;
  if (!run.groups) {
    run.groups.emplace(groups_.size());
    for (const Labels& group : groups_) {
      auto& names = run.group_classes.emplace_back();
      for (const std::uint32_t label : group) names.push_back(data_.train.pictures.classes[label]);
    }
  }
  std::size_t row = data_.base_classes.empty() ? 0 : 1;
  for (std::size_t s = 0; s < step; ++s) row += assignment_.new_classes(s).empty() ? 0 : 1;
  if (assignment_.new_classes(step).empty()) row = row == 0 ? 0 : row - 1;
  if (row >= groups_.size()) return;
  for (std::size_t group = 0; group <= row; ++group) run.groups->record(row, group, accuracy(known, groups_[group]));
}

void FederationMeasurement::record_confusion(const ClassStates& known, const Labels& labels, FederationRun& run) const {
  std::map<std::uint32_t, std::size_t> place;
  for (const std::uint32_t label : labels) {
    place.emplace(label, run.confusion_classes.size());
    run.confusion_classes.push_back(data_.train.pictures.classes[label]);
  }
  run.confusion.emplace(labels.size());
  const std::vector<std::size_t> tests = tests_of(labels);
  const Labels predicted = predict(known, tests);
  for (std::size_t i = 0; i < tests.size(); ++i)
    if (const auto column = place.find(predicted[i]); column != place.end())
      run.confusion->add(place.at(data_.test.pictures.labels[tests[i]]), column->second);
}

}  // namespace outrider::simulations
