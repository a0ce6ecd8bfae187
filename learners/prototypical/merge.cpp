#include "learners/prototypical/merge.h"

#include <map>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "knowledge/utf8.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/weighed_class.h"

namespace outrider {
namespace {

class PrototypicalMerge : public Merge {
 public:
  PrototypicalMerge(PrototypicalFamily::SpaceOf space_of, const AdmissionRules& rules)
      : space_of_(std::move(space_of)), rules_(rules) {}

  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    if (spaces_.contains(space)) return std::nullopt;
    return objection_of([&] {
      const EmbeddingSpace opened = space_of_(definition);
      if (opened.dimension < 1 || opened.dimension > kMaxDimension)
        throw InputError("the space " + space.brief() + " has " + std::to_string(opened.dimension) +
                         " dimensions; prototypes have 1 to " + std::to_string(kMaxDimension));
      spaces_.emplace(space, opened);
    });
  }

  std::unique_ptr<Decoded> read(const Contribution& contribution) const override {
    return decoded(read_state(contribution));
  }

  // Programs of before took padding, too, and what was merged by other rules, or before there were any, stays.
  std::optional<std::string> objection_to(const Contribution& contribution, const Decoded& said) const override {
    return objection_of([&] {
      require_no_padding(contribution.payload, "the state of class '" + contribution.topic.subject + "'");
      require_admission(contribution, as<ClassState>(said));
    });
  }

  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    if (space == spaces_.end()) return std::nullopt;
    return most_state_bytes(space->second.dimension);
  }

  std::uint64_t examples(const Topic& topic) const override {
    const auto known = classes_.find(topic);
    return known == classes_.end() ? 0 : known->second.count();
  }

  std::uint64_t examples_of(const Contribution& contribution) const override {
    return decode_class_state(contribution.payload).count;
  }

  std::string rules() const override { return rules_.merging(); }

  void take(const Contribution& contribution, Decoded& said) override {
    auto& state = as<ClassState>(said);
    const Topic& topic = contribution.topic;
    if (rules_.base_teacher == contribution.client) spaces_.at(topic.space).saw_base(state);
    WeighedClass& known = classes_.try_emplace(topic, WeighedClass(state.dimension(), rules_)).first->second;
    if (!known.has(contribution.client)) ++classes_of_[{contribution.client, topic.space}];
    known.put(contribution.client, std::move(state));
  }

  void erase(const ClientId& client, const Topic& topic) override {
    const auto known = classes_.find(topic);
    if (known == classes_.end() || !known->second.has(client)) return;
    known->second.erase(client);
    if (known->second.teachers() == 0) classes_.erase(known);
    const auto classes = classes_of_.find({client, topic.space});
    if (--classes->second == 0) classes_of_.erase(classes);
  }

  Bytes merged(const Topic& topic) const override {
    const auto known = classes_.find(topic);
    return known == classes_.end() ? Bytes{} : encode(known->second.state());
  }

 private:
  // The contribution's class state; throws InputError unless it is one of this space.
  ClassState read_state(const Contribution& contribution) const {
    const Topic& topic = contribution.topic;
    if (topic.kind != kPrototypeKind)
      throw InputError("a contribution of kind " + utf8::quoted(topic.kind) + " came to the family '" +
                       std::string(kPrototypeKind) + "'");
    check_name("a class's name", topic.subject);
    const std::string name = utf8::quoted(topic.subject);
    const auto space = spaces_.find(topic.space);
    if (space == spaces_.end())
      throw InputError("the space " + topic.space.brief() + " of class " + name + " is not known here");
    ClassState state = decode_class_state(contribution.payload, kContributedLimits, "the state of class " + name);
    if (state.dimension() != space->second.dimension)
      throw InputError("the state of class " + name + " has " + std::to_string(state.dimension()) +
                       " dimensions; the space " + topic.space.brief() + " has " +
                       std::to_string(space->second.dimension));
    require_room(contribution);
    return state;
  }

  void require_admission(const Contribution& contribution, const ClassState& state) const {
    if (rules_.base_teacher == contribution.client) return;
    const Topic& topic = contribution.topic;
    if (const auto reason = spaces_.at(topic.space).objection(state, rules_))
      throw InputError("the state of class " + utf8::quoted(topic.subject) + " " + *reason);
    const auto classes = classes_of_.find({contribution.client, topic.space});
    if (classes == classes_of_.end() || classes->second < rules_.most_classes) return;
    const auto known = classes_.find(topic);
    if (known == classes_.end() || !known->second.has(contribution.client))
      throw InputError("class " + utf8::quoted(topic.subject) + " is one too many: one client teaches at most " +
                       std::to_string(rules_.most_classes) + " classes here");
  }

  void require_room(const Contribution& contribution) const {
    const auto known = classes_.find(contribution.topic);
    if (known == classes_.end() || known->second.teachers() < kMaxContributors) return;
    if (!known->second.has(contribution.client))
      throw InputError("class " + utf8::quoted(contribution.topic.subject) + " already has the most contributors, " +
                       std::to_string(kMaxContributors));
  }

  PrototypicalFamily::SpaceOf space_of_;
  const AdmissionRules rules_;  // the classes refer to it
  std::map<Digest, EmbeddingSpace> spaces_;
  std::map<Topic, WeighedClass> classes_;
  std::map<std::pair<ClientId, Digest>, std::size_t> classes_of_;  // how many a client teaches in a space
};

}  // namespace

PrototypicalFamily::PrototypicalFamily(SpaceOf space_of, const AdmissionRules& rules)
    : space_of_(std::move(space_of)), rules_(rules) {}

std::unique_ptr<Merge> PrototypicalFamily::make_merge() const {
  return std::make_unique<PrototypicalMerge>(space_of_, rules_);
}

}  // namespace outrider
