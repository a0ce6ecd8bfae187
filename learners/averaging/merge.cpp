#include "learners/averaging/merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/round_coordinator.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {
namespace {

class AveragingMerge : public Merge {
 public:
  explicit AveragingMerge(RoundRules rules) : rules_(rules) {}

  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    if (spaces_.contains(space)) return std::nullopt;
    return objection_of([&] { spaces_.emplace(space, RoundCoordinator(LearningTask::decode(definition), rules_)); });
  }

  bool recognises(ByteView definition) const override { return LearningTask::recognises(definition); }

  std::unique_ptr<Decoded> read(const Contribution& contribution) const override {
    const auto space = spaces_.find(contribution.topic.space);
    require(space != spaces_.end(),
            "the learning task " + contribution.topic.space.brief() + " of an update is not known here");
    return space->second.read(contribution);
  }

  std::optional<std::string> objection_to(const Contribution& contribution, const Decoded& said) const override {
    return spaces_.at(contribution.topic.space).objection_to(contribution, said);
  }

  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    return space == spaces_.end() ? std::nullopt : space->second.most_bytes(topic.subject);
  }

  std::string describe(const Contribution& contribution) const override {
    const auto space = spaces_.find(contribution.topic.space);
    return space == spaces_.end() ? std::string{} : space->second.describe(contribution);
  }

  std::vector<Fact> facts(const Digest& space, Instant) const override {
    const auto coordinator = spaces_.find(space);
    return coordinator == spaces_.end() ? std::vector<Fact>{} : coordinator->second.facts();
  }

  void take(const Contribution& contribution, Decoded& said) override {
    spaces_.at(contribution.topic.space).take(contribution, said);
  }

  void erase(const ClientId& client, const Topic& topic) override {
    const auto space = spaces_.find(topic.space);
    if (space == spaces_.end()) return;
    if (const auto width = width_of_model(topic.subject)) {
      space->second.erase_part(*width);
    } else if (topic.subject == kExcuseSubject) {
      space->second.erase_excuse(client);
    } else {
      space->second.erase_update(client, topic.subject);
    }
  }

  Bytes merged(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    const auto width = width_of_model(topic.subject);
    if (space != spaces_.end() && topic.subject == kBestSubject) return space->second.best();
    return width && space != spaces_.end() ? space->second.model(*width) : Bytes{};
  }

  void client_joined(const Capacity& capacity) override {
    for (auto& [space, coordinator] : spaces_) coordinator.client_joined(capacity);
  }

  bool visible_to(const Topic& topic, const Capacity& capacity) const override {
    const auto space = spaces_.find(topic.space);
    return space == spaces_.end() || space->second.visible_to(topic.subject, capacity);
  }

  std::vector<OwnContribution> step(const Digest& space, const Present& present, Instant now) override {
    current_ = space;
    const auto coordinator = spaces_.find(space);
    if (coordinator == spaces_.end()) return {};
    auto next = coordinator->second.step(present, now);
    std::vector<OwnContribution> own_contributions;
    const auto say = [&](double width, Bytes payload, std::string notice) {
      own_contributions.push_back(
          {{std::string(kAveragingKind), space, subject_of_model(width)}, std::move(payload), std::move(notice)});
    };
    if (next && next->is_best)
      own_contributions.push_back(
          {{std::string(kAveragingKind), space, std::string(kBestSubject)}, coordinator->second.model(1), {}});
    if (next) say(1, encode(next->record), next->notice);
    for (const double width : coordinator->second.parts(next.has_value())) say(width, to_bytes("shown"), {});
    for (std::string& notice : coordinator->second.take_notices())
      own_contributions.emplace_back().notice = std::move(notice);
    return own_contributions;
  }

  Instant deadline() const override {
    const auto space = spaces_.find(current_);
    return space == spaces_.end() ? kNever : space->second.deadline();
  }

 private:
  RoundRules rules_;
  std::map<Digest, RoundCoordinator> spaces_;
  Digest current_;
};

}  // namespace

std::string subject_of_update(const Strategy& strategy, std::uint64_t round) {
  return fmt::format("{}{}", kUpdatePrefix, round % (1 + (strategy.late ? strategy.late->limit : 0)));
}

std::string subject_of_model(double width) {
  return width == 1 ? std::string(kModelSubject) : fmt::format("{} {}", kModelSubject, width);
}

std::optional<double> width_of_model(std::string_view subject) {
  if (!subject.starts_with(kModelSubject)) return std::nullopt;
  const auto* const found =
      std::ranges::find_if(surgery::kWidths, [&](double width) { return subject_of_model(width) == subject; });
  return found == std::end(surgery::kWidths) ? std::nullopt : std::optional(*found);
}

std::unique_ptr<Merge> AveragingFamily::make_merge() const {
  return std::make_unique<AveragingMerge>(rules_);
}

}  // namespace outrider::averaging
