#include "simulations/virtual_fleet/federation_measurement.h"

#include <algorithm>
#include <bit>

#include "client/families/prototypical/predictor.h"
#include "learners/data/split.h"
#include "learners/prototypical/caution.h"
#include "learners/prototypical/merge.h"

namespace outrider::simulations {
namespace {

// Of the classes, as a client without pictures of its own takes them; hostile clients say more.
ClassStates known_to(const AggregatorNode& aggregator, const WorldOptions::Families& families) {
  const auto states_of = [](const aggregator::Core& core) {
    ClassStates states;
    for (const protocol::KnowledgeEntry& entry : core.knowledge().entries)
      if (entry.topic.kind == kPrototypeKind && !entry.payload.empty())
        states.emplace_back(entry.topic.subject, decode_class_state(entry.payload, kMergedLimits));
    set_caution(states);
    return states;
  };
  if (aggregator.is_up()) return states_of(aggregator.core());
  return states_of(aggregator::Core(aggregator.id(), aggregator.disk(), families(aggregator.id())));
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

void FederationMeasurement::step_over(std::size_t step, const Shard& shard, Exchange& exchange, FederationRun& run) {
  const bool last = step == assignment_.steps();
  if (step == 0 && exchange.rank() == 0) record_groups(data_.base, run);
  if (!last) classes_come(step);
  const std::vector<Bytes> parts = exchange.gather(part_of(shard));
  if (exchange.rank() != 0) return;
  FederationStep measured;
  measured.classes = test_.classes();
  add_parts(parts, measured);
  const ClassStates known = known_to(*shard.aggregator(), shard.options().families);
  if (wants(FederationMethod::federated)) measured.federated = test_.accuracy(known);
  if (wants(FederationMethod::central)) {
    ClassStates all = data_.base;
    for (const auto& [label, sum] : central_) all.emplace_back(data_.train.pictures.classes[label], sum.state());
    measured.central = test_.accuracy(all);
  }
  for (std::uint32_t client = 0; client < assignment_.clients(); ++client)
    measured.bytes += shard.aggregator()->link_to(client).bytes;
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

// Which clients are judged alone, evenly over all of them.
std::vector<std::uint32_t> FederationMeasurement::judged_alone() const {
  std::vector<std::uint32_t> judged;
  if (!wants(FederationMethod::alone)) return judged;
  const std::size_t clients = assignment_.clients();
  const std::size_t wanted = std::clamp<std::size_t>(federation_.plan.clients_measured, 1, clients);
  for (std::size_t i = 0; i < wanted; ++i) judged.push_back(static_cast<std::uint32_t>(i * clients / wanted));
  return judged;
}

// Of the clients that live here: the bytes they have sent, then each one's number and its accuracy, if it is judged.
Bytes FederationMeasurement::part_of(const Shard& shard) const {
  std::uint64_t sent = 0;
  for (const auto& client : shard.clients()) sent += client->link().bytes;
  Bytes part = key_of(sent);
  for (const std::uint32_t judged : judged_alone()) {
    if (!shard.placement().holds(judged)) continue;
    ClassStates own = client::own_classes(shard.client(judged).disk());
    own.insert(own.end(), data_.base.begin(), data_.base.end());
    part = key_of(key_of(part, judged), std::bit_cast<std::uint64_t>(test_.accuracy(own)));
  }
  return part;
}

// The mean is taken in the order of the clients, so that it is the same for any number of ranks.
void FederationMeasurement::add_parts(const std::vector<Bytes>& parts, FederationStep& measured) const {
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  std::map<std::uint64_t, double> alone;
  for (const Bytes& part : parts) {
    measured.bytes += number_in_key(part);
    for (std::size_t offset = kNumber; offset < part.size(); offset += 2 * kNumber)
      alone.emplace(number_in_key(part, offset), std::bit_cast<double>(number_in_key(part, offset + kNumber)));
  }
  if (alone.empty()) return;
  double sum = 0;
  for (const auto& [client, accuracy] : alone) sum += accuracy;
  measured.alone = sum / static_cast<double>(alone.size());
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
