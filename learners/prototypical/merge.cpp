#include "learners/prototypical/merge.h"

#include <map>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "knowledge/utf8.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/exact_class_sum.h"

namespace outrider {
namespace {

// What is known of one class: the sum, and what each client put into it, which erasing takes back.
struct Class {
  ExactClassSum sum;
  std::map<ClientId, ClassState> said;
};

class PrototypicalMerge : public Merge {
 public:
  explicit PrototypicalMerge(PrototypicalFamily::DimensionOf dimension_of) : dimension_of_(std::move(dimension_of)) {}

  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    if (dimensions_.contains(space)) return std::nullopt;
    return objection_of([&] {
      const std::size_t dimension = dimension_of_(definition);
      if (dimension < 1 || dimension > kMaxDimension)
        throw InputError("the space " + space.brief() + " has " + std::to_string(dimension) +
                         " dimensions; prototypes have 1 to " + std::to_string(kMaxDimension));
      dimensions_.emplace(space, dimension);
    });
  }

  std::optional<std::string> objection(const Contribution& contribution) const override {
    return objection_of([&] {
      acceptable(contribution);
      // Not where a state is restored: programs of before took padding, too.
      require_no_padding(contribution.payload, "the state of class '" + contribution.topic.subject + "'");
    });
  }

  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override {
    const auto dimension = dimensions_.find(topic.space);
    if (dimension == dimensions_.end()) return std::nullopt;
    return most_state_bytes(dimension->second);
  }

  std::uint64_t examples(const Topic& topic) const override {
    const auto known = classes_.find(topic);
    return known == classes_.end() ? 0 : known->second.sum.count();
  }

  void put(const Contribution& contribution) override {
    ClassState state = acceptable(contribution);
    Class& known = classes_.try_emplace(contribution.topic, Class{ExactClassSum(state.dimension()), {}}).first->second;
    const auto [said, first] = known.said.try_emplace(contribution.client);
    if (!first) known.sum.subtract(said->second);
    said->second = std::move(state);
    known.sum.add(said->second);
  }

  void erase(const ClientId& client, const Topic& topic) override {
    const auto known = classes_.find(topic);
    if (known == classes_.end()) return;
    const auto said = known->second.said.find(client);
    if (said == known->second.said.end()) return;
    known->second.sum.subtract(said->second);
    known->second.said.erase(said);
    if (known->second.said.empty()) classes_.erase(known);
  }

  Bytes merged(const Topic& topic) const override {
    const auto known = classes_.find(topic);
    return known == classes_.end() ? Bytes{} : encode(known->second.sum.state());
  }

 private:
  // The contribution's class state; throws InputError with the objection.
  ClassState acceptable(const Contribution& contribution) const {
    const Topic& topic = contribution.topic;
    if (topic.kind != kPrototypeKind)
      throw InputError("a contribution of kind " + utf8::quoted(topic.kind) + " came to the family '" +
                       std::string(kPrototypeKind) + "'");
    check_name("a class's name", topic.subject);
    const std::string name = utf8::quoted(topic.subject);
    const auto dimension = dimensions_.find(topic.space);
    if (dimension == dimensions_.end())
      throw InputError("the space " + topic.space.brief() + " of class " + name + " is not known here");
    ClassState state = decode_class_state(contribution.payload, kContributedLimits, "the state of class " + name);
    if (state.dimension() != dimension->second)
      throw InputError("the state of class " + name + " has " + std::to_string(state.dimension()) +
                       " dimensions; the space " + topic.space.brief() + " has " + std::to_string(dimension->second));
    require_room(contribution);
    return state;
  }

  void require_room(const Contribution& contribution) const {
    const auto known = classes_.find(contribution.topic);
    if (known == classes_.end() || known->second.said.size() < kMaxContributors) return;
    if (!known->second.said.contains(contribution.client))
      throw InputError("class " + utf8::quoted(contribution.topic.subject) + " already has the most contributors, " +
                       std::to_string(kMaxContributors));
  }

  PrototypicalFamily::DimensionOf dimension_of_;
  std::map<Digest, std::size_t> dimensions_;
  std::map<Topic, Class> classes_;
};

}  // namespace

PrototypicalFamily::PrototypicalFamily(DimensionOf dimension_of) : dimension_of_(std::move(dimension_of)) {}

std::unique_ptr<Merge> PrototypicalFamily::make_merge() const {
  return std::make_unique<PrototypicalMerge>(dimension_of_);
}

}  // namespace outrider
