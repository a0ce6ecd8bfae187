#include "simulations/virtual_fleet/poisoned_classes.h"

#include <algorithm>
#include <utility>

#include "aggregator/families/prototypical.h"
#include "knowledge/error.h"
#include "learners/encoders/encoder.h"
#include "learners/prototypical/caution.h"
#include "learners/prototypical/classifier.h"
#include "learners/prototypical/merge.h"

namespace outrider::simulations {
namespace {

const ClientId kTeacherOfBase = ClientId::from_public_key(bytes_of("the aggregator that is lied to"));

}  // namespace

PoisonedClasses::PoisonedClasses(Pretrained pretrained, EmbeddedClasses to_learn, EmbeddedClasses to_test)
    : pretrained_(std::move(pretrained)),
      to_learn_(std::move(to_learn)),
      to_test_(std::move(to_test)),
      dimension_(Encoder::decode(pretrained_.encoder).dimension()),
      space_(Digest::of(pretrained_.encoder)) {}

void PoisonedClasses::begin(AdmissionRules rules, std::size_t base) {
  rules.base_teacher = kTeacherOfBase;
  merge_ = PrototypicalFamily(aggregator::embedding_space, rules).make_merge();
  known_.clear();
  if (const auto reason = merge_->open_space(space_, pretrained_.encoder)) throw InputError(*reason);
  std::uint64_t sequence = 0;
  for (const auto& [name, state] : pretrained_.classes) {
    if (sequence == base) break;
    merge_->put({kTeacherOfBase, SequenceNumber{++sequence}, {}, topic_of(name), encode(state)});
    known_.insert(name);
  }
}

Topic PoisonedClasses::topic_of(const std::string& class_name) const {
  return {std::string(kPrototypeKind), space_, class_name};
}

bool PoisonedClasses::say(std::uint32_t client, const std::string& class_name, const ClassState& said) {
  const Contribution contribution{ClientId::from_public_key(bytes_of("client " + std::to_string(client))),
                                  SequenceNumber{1},
                                  {},
                                  topic_of(class_name),
                                  encode(said)};
  if (merge_->objection(contribution)) return false;
  merge_->put(contribution);
  known_.insert(class_name);
  return true;
}

ClassState PoisonedClasses::state(const std::string& class_name, std::size_t first, std::size_t count) const {
  const std::vector<float>& all = to_learn_.at(class_name);
  if ((first + count) * dimension_ > all.size())
    throw InputError("there are not so many pictures of '" + class_name + "'");
  ClassStateBuilder builder(dimension_);
  builder.add(std::span(all).subspan(first * dimension_, count * dimension_));
  return builder.state();
}

PoisonedClasses::Recall PoisonedClasses::recall(bool cautious) const {
  std::vector<std::pair<std::string, ClassState>> classes;
  for (const std::string& name : known_)
    classes.emplace_back(name, decode_class_state(merge_->merged(topic_of(name)), kMergedLimits));
  if (cautious) set_caution(classes);
  const PrototypeClassifier classifier(std::move(classes));
  Recall recall;
  for (const auto& [name, embeddings] : to_test_) {
    const std::vector<Prediction> predictions = classifier.predict(embeddings);
    const auto right = std::ranges::count_if(predictions, [&, called = std::cref(name)](const Prediction& prediction) {
      return classifier.classes()[prediction.nearest] == called.get();
    });
    recall.of[name] = static_cast<double>(right) / static_cast<double>(predictions.size());
    recall.all += recall.of[name] / static_cast<double>(to_test_.size());
  }
  return recall;
}

double PoisonedClasses::Recall::mean_of(const std::set<std::string>& classes) const {
  double sum = 0;
  for (const std::string& name : classes) sum += of.at(name);
  return classes.empty() ? 0 : sum / static_cast<double>(classes.size());
}

std::vector<std::string> PoisonedClasses::base() const {
  std::vector<std::string> names;
  for (const auto& [name, state] : pretrained_.classes) names.push_back(name);
  return names;
}

AdmissionRules PoisonedClasses::no_rules() {
  AdmissionRules rules;
  rules.most_pictures = kContributedLimits.count;
  rules.most_of_next = UINT64_MAX;
  rules.open_base = true;
  return rules;
}

ClassState louder(ClassState state, std::uint64_t count) {
  const double factor = static_cast<double>(count) / static_cast<double>(state.count);
  for (float& value : state.sum) value = static_cast<float>(static_cast<double>(value) * factor);
  for (float& value : state.deviations) value = static_cast<float>(static_cast<double>(value) * factor);
  state.count = count;
  return state;
}

ClassState scaled(ClassState state, float factor) {
  for (float& value : state.sum) value *= factor;
  state.deviations.clear();
  return state;
}

}  // namespace outrider::simulations
