#include "learners/growing/merge.h"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "learners/growing/crossing.h"
#include "learners/growing/growth_record.h"
#include "learners/growing/mixture_wire.h"

namespace outrider::growing {
namespace {

// The growth of one task.
class GrowthCoordinator {
 public:
  explicit GrowthCoordinator(GrowingTask task) : task_(std::move(task)), grown_form_(task_.grown_form()) {}

  std::unique_ptr<Decoded> read(const Contribution& contribution) const {
    const std::string& subject = contribution.topic.subject;
    const std::string client = "client " + contribution.client.brief();
    if (subject == kGrowthSubject) return decoded(GrowthRecord::decode(contribution.payload, task_).event.id());
    if (subject == kSmallSubject) {
      decode_mixture(contribution.payload, task_.small, "the small network of " + client);
      return std::make_unique<Decoded>();  // it is kept as it came
    }
    if (subject == kCrossingSubject)
      return decoded(Crossing::decode(contribution.payload, grown_form_, "the crossing of " + client));
    throw InputError(fmt::format("{} taught on {}; a network that grows has the subjects '{}' and '{}'", client,
                                 utf8::quoted(subject), kSmallSubject, kCrossingSubject));
  }

  // Not where a state is restored: that may bring crossings before their growth.
  std::optional<std::string> objection_to(const Contribution& contribution, const Decoded& said) const {
    if (contribution.topic.subject != kCrossingSubject || event_ == as<Crossing>(said).event) return std::nullopt;
    return fmt::format("the crossing of client {} is of another growth than the one that has happened here",
                       contribution.client.brief());
  }

  std::optional<std::uint64_t> most_bytes(const std::string& subject) const {
    if (subject == kGrowthSubject) return UINT64_MAX;
    if (subject == kSmallSubject) return most_mixture_bytes(task_.small);
    if (subject == kCrossingSubject) return most_mixture_bytes(grown_form_);
    return std::nullopt;
  }

  void take(const Contribution& contribution, Decoded& said) {
    const std::string& subject = contribution.topic.subject;
    if (subject == kGrowthSubject) {
      event_ = as<Digest>(said);
      record_ = contribution.payload;
    } else if (subject == kSmallSubject) {
      small_.insert_or_assign(contribution.client, contribution.payload);
    } else if (subject == kCrossingSubject) {
      crossings_.insert_or_assign(contribution.client, std::move(as<Crossing>(said)));
    }
  }

  void erase(const ClientId& client, const std::string& subject) {
    if (subject == kSmallSubject) small_.erase(client);
    if (subject == kCrossingSubject) crossings_.erase(client);
  }

  Bytes merged(const std::string& subject) const {
    if (subject == kGrowthSubject) return record_;
    if (subject != kCrossingSubject) return {};
    std::vector<Crossing> current;  // one of a restored state may be of none
    for (const auto& [client, crossing] : crossings_)
      if (event_ == crossing.event) current.push_back(crossing);
    return current.empty() ? Bytes{} : mean_crossing(current).encode();
  }

  // The growth, when it is time.
  std::optional<std::pair<GrowthRecord, std::string>> step() const {
    if (!record_.empty() || small_.size() < task_.parts) return std::nullopt;
    std::vector<ClientId> clients;
    std::vector<MixtureNetwork> parts;
    std::string names;
    for (auto it = small_.begin(); parts.size() < task_.parts; ++it) {
      clients.push_back(it->first);
      parts.push_back(decode_mixture(it->second, task_.small));
      names += (names.empty() ? "" : ", ") + it->first.brief();
    }
    return std::pair{GrowthRecord::of(task_, std::move(clients), std::move(parts)),
                     fmt::format("the networks of {} clients grow into one: {}", task_.parts, names)};
  }

 private:
  GrowingTask task_;
  MixtureForm grown_form_;
  std::map<ClientId, Bytes> small_;
  std::map<ClientId, Crossing> crossings_;
  Bytes record_;                 // empty before the growth
  std::optional<Digest> event_;  // of the record
};

class GrowingMerge : public Merge {
 public:
  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    if (spaces_.contains(space)) return std::nullopt;
    return objection_of([&] { spaces_.emplace(space, GrowthCoordinator(GrowingTask::decode(definition))); });
  }

  std::unique_ptr<Decoded> read(const Contribution& contribution) const override {
    const auto space = spaces_.find(contribution.topic.space);
    require(space != spaces_.end(),
            "the growing task " + contribution.topic.space.brief() + " of a network is not known here");
    return space->second.read(contribution);
  }

  std::optional<std::string> objection_to(const Contribution& contribution, const Decoded& said) const override {
    return spaces_.at(contribution.topic.space).objection_to(contribution, said);
  }

  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    return space == spaces_.end() ? std::nullopt : space->second.most_bytes(topic.subject);
  }

  void take(const Contribution& contribution, Decoded& said) override {
    spaces_.at(contribution.topic.space).take(contribution, said);
  }

  void erase(const ClientId& client, const Topic& topic) override {
    const auto space = spaces_.find(topic.space);
    if (space != spaces_.end()) space->second.erase(client, topic.subject);
  }

  Bytes merged(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    return space == spaces_.end() ? Bytes{} : space->second.merged(topic.subject);
  }

  std::vector<OwnContribution> step(const Digest& space, const Present& /*present*/, Instant /*now*/) override {
    const auto coordinator = spaces_.find(space);
    if (coordinator == spaces_.end()) return {};
    auto growth = coordinator->second.step();
    if (!growth) return {};
    return {{{std::string(kGrowingKind), space, std::string(kGrowthSubject)}, growth->first.encode(), growth->second}};
  }

 private:
  std::map<Digest, GrowthCoordinator> spaces_;
};

}  // namespace

std::unique_ptr<Merge> GrowingFamily::make_merge() const {
  return std::make_unique<GrowingMerge>();
}

}  // namespace outrider::growing
