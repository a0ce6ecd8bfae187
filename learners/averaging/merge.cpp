#include "learners/averaging/merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/task_widths.h"
#include "learners/averaging/update_wire.h"

namespace outrider::averaging {
namespace {

constexpr std::string_view kUpdateSubject = "update ";

// The rounds of one task.
class Conductor {
 public:
  Conductor(LearningTask task, RoundRules rules)
      : task_(std::move(task)), rules_(rules), widths_(task_, rules.duration) {
    rules_.check(task_.strategy);
  }

  std::optional<std::string> objection(const Contribution& contribution) const {
    return objection_of([&] {
      if (contribution.topic.subject == kModelSubject) {
        const double width = decode_round_record(contribution.payload, task_).width;
        require(width == 1, fmt::format("the record of a round is of width {}; expected the whole network's", width));
        return;
      }
      if (width_of_model(contribution.topic.subject)) return;
      require(rounds_.has_value(), name_of(contribution) + " came before the first round");
      const Update update = decode(contribution);
      const std::string expected = subject_of_update(task_.strategy, update.round);
      require(contribution.topic.subject == expected,
              fmt::format("{} is of round {} and belongs to the subject '{}', not {}", name_of(contribution),
                          update.round, expected, utf8::quoted(contribution.topic.subject)));
      const Answer answer = Rounds(*rounds_).offer(key_of(update));
      require(answer.taken, answer.reason);
      const double asked = rounds_->width_of(key_of(update)).value_or(update.width);
      require(update.width == asked, fmt::format("{} is of width {}; round {} asks that client for width {}",
                                                 name_of(contribution), update.width, update.round, asked));
    });
  }

  std::optional<std::uint64_t> most_bytes(const std::string& subject) const {
    if (width_of_model(subject)) return UINT64_MAX;
    if (!subject.starts_with(kUpdateSubject)) return std::nullopt;
    return most_update_bytes(task_.network, task_.strategy);
  }

  void put_record(ByteView payload) {
    record_ = decode_round_record(payload, task_);
    models_.clear();
    clock_runs_ = false;
    resume();
    // What earlier rounds have used is in the record now.
    std::erase_if(updates_, [&](const auto& entry) {
      const UpdateKey key = key_of(entry.second);
      const auto round = std::ranges::find(record_->memory.rounds, key.round, &RoundMemory::round);
      return round == record_->memory.rounds.end() || round->heard.contains(key.client);
    });
  }

  // An update comes before its round's record where a state is restored.
  void put_update(const Contribution& contribution) {
    Update update = decode(contribution);
    if (rounds_) rounds_->offer(key_of(update));
    updates_.insert_or_assign({contribution.client, contribution.topic.subject}, std::move(update));
  }

  void erase_update(const ClientId& client, const std::string& subject) {
    if (updates_.erase({client, subject}) == 0 || !rounds_) return;
    resume();
  }

  void put_part(double width) {
    shown_.insert(width);
    wanted_.insert(width);
  }
  void erase_part(double width) {
    shown_.erase(width);
    wanted_.erase(width);
  }

  // For the clients that are sent this part of the network.
  Bytes model(double width) const {
    if (!record_ || !shown_.contains(width)) return {};
    const auto known = models_.find(width);
    if (known != models_.end()) return known->second;
    return models_.emplace(width, encode(record_->published(task_.network, width))).first->second;
  }
  bool concerns(const std::string& subject, const Capacity& capacity) const {
    const auto width = width_of_model(subject);
    return width.has_value() && widths_.sent_to(capacity) == width;  // of updates there is nothing merged
  }

  void meet(const Capacity& capacity) {
    if (const auto width = widths_.trained_by(capacity)) {
      wanted_.insert(*width);
    } else if (!std::exchange(excused_, true)) {
      excuse_ = widths_.excuse(capacity);
    }
  }
  // Why a client is not asked; the first only.
  std::string take_excuse() { return std::exchange(excuse_, {}); }
  // The parts that there is something new to say of: with a new record all that are in use.
  std::vector<double> parts(bool new_record) const {
    std::vector<double> parts;
    for (const double width : wanted_)
      if (width < 1 && (new_record || !shown_.contains(width))) parts.push_back(width);
    return parts;
  }

  Instant deadline() const { return rounds_ ? rounds_->deadline() : kNever; }

  // The next record, if there is one to be made.
  std::optional<std::pair<RoundRecord, std::string>> conduct(const Present& present, Instant now) {
    if (!record_) return begin(RoundRecord{task_.initial_state(), {}, 0}, {}, candidates(present()), now);
    if (!std::exchange(clock_runs_, true)) rounds_->start_clock(now);
    if (!rounds_->is_open()) {
      const Candidates clients = candidates(present());
      if (clients.able.size() < enough()) return std::nullopt;
      return begin(*record_, {}, clients, now);
    }
    if (rounds_->due(now)) return close(candidates(present()), now);
    if (rounds_->overdue(now)) return extend(candidates(present()), now);
    return std::nullopt;
  }

 private:
  Candidates candidates(const std::vector<PresentClient>& present) {
    for (const PresentClient& client : present) meet(client.capacity);
    return widths_.candidates(present);
  }

  static std::string name_of(const Contribution& contribution) {
    return "the update of client " + contribution.client.brief();
  }

  Update decode(const Contribution& contribution) const {
    return decode_update(contribution.payload, contribution.client, task_.network, task_.strategy,
                         name_of(contribution));
  }

  // With how many clients a round is worth opening.
  std::size_t enough() const { return task_.strategy.buffer > 0 ? 1 : rules_.minimum; }

  void resume() {
    const Instant deadline = rounds_ ? rounds_->deadline() : kNever;
    rounds_ = Rounds::resume(task_.strategy, rules_, task_.seed, record_->state.round, record_->memory);
    if (clock_runs_ && deadline != kNever) rounds_->start_clock(deadline - rules_.duration);
    for (const auto& [from, update] : updates_) rounds_->offer(key_of(update));
  }

  // Opens the round at hand, if there are clients enough.
  std::pair<RoundRecord, std::string> begin(RoundRecord record, std::string notice, const Candidates& clients,
                                            Instant now) const {
    Rounds rounds = Rounds::resume(task_.strategy, rules_, task_.seed, record.state.round, record.memory);
    const bool opens = clients.able.size() >= enough();
    if (opens) rounds.open(clients.able, now, clients.narrow);
    record.memory = rounds.memory();
    if (opens) {
      record.population = clients.able.size();
      notice += fmt::format("{}round {} asks {}", notice.empty() ? "" : "; ", record.state.round,
                            asking(record.memory.rounds.back(), clients));
    }
    return {std::move(record), std::move(notice)};
  }

  std::pair<RoundRecord, std::string> close(const Candidates& clients, Instant now) const {
    Rounds rounds = *rounds_;
    std::vector<Update> updates;
    for (const UpdateKey& key : rounds.close(now)) updates.push_back(update_of(key));
    RoundRecord record{record_->state, rounds.memory(), record_->population};
    std::string notice = fmt::format("round {} is over with {} updates", record.state.round, updates.size());
    try {
      record.state = apply_round(task_.network, task_.strategy, record.state, updates,
                                 {.population = std::max<std::uint64_t>(record.population, updates.size())});
    } catch (const InputError& error) {
      ++record.state.round;
      notice += fmt::format(" and leaves the weights as they were: {}", error.what());
    }
    return begin(std::move(record), std::move(notice), clients, now);
  }

  std::optional<std::pair<RoundRecord, std::string>> extend(const Candidates& clients, Instant now) {
    const std::size_t others = rounds_->extend(clients.able, now, clients.narrow).size();
    if (others == 0) return std::nullopt;
    return std::pair{RoundRecord{record_->state, rounds_->memory(), record_->population},
                     fmt::format("round {} asks {} more clients", record_->state.round, others)};
  }

  const Update& update_of(const UpdateKey& key) const {
    return updates_.at({key.client, subject_of_update(task_.strategy, key.round)});
  }

  LearningTask task_;
  RoundRules rules_;
  TaskWidths widths_;
  std::optional<RoundRecord> record_;
  std::optional<Rounds> rounds_;  // of the record, with what has been taken since
  bool clock_runs_ = false;
  std::map<std::pair<ClientId, std::string>, Update> updates_;  // that no round on record has used
  std::set<double> wanted_;                                     // parts that clients have come for
  std::set<double> shown_{1};                                   // those of them that are on record
  mutable std::map<double, Bytes> models_;                      // encoded for them, from the record
  bool excused_ = false;
  std::string excuse_;
};

class AveragingMerge : public Merge {
 public:
  explicit AveragingMerge(RoundRules rules) : rules_(rules) {}

  std::optional<std::string> open_space(const Digest& space, ByteView definition) override {
    if (spaces_.contains(space)) return std::nullopt;
    return objection_of([&] { spaces_.emplace(space, Conductor(LearningTask::decode(definition), rules_)); });
  }

  bool recognises(ByteView definition) const override { return LearningTask::recognises(definition); }

  std::optional<std::string> objection(const Contribution& contribution) const override {
    const auto space = spaces_.find(contribution.topic.space);
    if (space == spaces_.end())
      return "the learning task " + contribution.topic.space.brief() + " of an update is not known here";
    return space->second.objection(contribution);
  }

  std::optional<std::uint64_t> most_bytes(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    return space == spaces_.end() ? std::nullopt : space->second.most_bytes(topic.subject);
  }

  void put(const Contribution& contribution) override {
    const auto space = spaces_.find(contribution.topic.space);
    require(space != spaces_.end(), "the learning task of an update is not known here");
    Conductor& conductor = space->second;
    if (contribution.topic.subject == kModelSubject) {
      conductor.put_record(contribution.payload);
    } else if (const auto width = width_of_model(contribution.topic.subject)) {
      conductor.put_part(*width);
    } else {
      conductor.put_update(contribution);
    }
  }

  void erase(const ClientId& client, const Topic& topic) override {
    const auto space = spaces_.find(topic.space);
    if (space == spaces_.end()) return;
    if (const auto width = width_of_model(topic.subject)) {
      space->second.erase_part(*width);
    } else {
      space->second.erase_update(client, topic.subject);
    }
  }

  Bytes merged(const Topic& topic) const override {
    const auto space = spaces_.find(topic.space);
    const auto width = width_of_model(topic.subject);
    return width && space != spaces_.end() ? space->second.model(*width) : Bytes{};
  }

  void meet(const Capacity& capacity) override {
    for (auto& [space, conductor] : spaces_) conductor.meet(capacity);
  }

  bool concerns(const Topic& topic, const Capacity& capacity) const override {
    const auto space = spaces_.find(topic.space);
    return space == spaces_.end() || space->second.concerns(topic.subject, capacity);
  }

  std::vector<Saying> conduct(const Digest& space, const Present& present, Instant now) override {
    current_ = space;
    const auto conductor = spaces_.find(space);
    if (conductor == spaces_.end()) return {};
    auto next = conductor->second.conduct(present, now);
    std::vector<Saying> sayings;
    const auto say = [&](double width, Bytes payload, std::string notice) {
      sayings.push_back(
          {{std::string(kAveragingKind), space, subject_of_model(width)}, std::move(payload), std::move(notice)});
    };
    if (next) say(1, encode(next->first), next->second);
    for (const double width : conductor->second.parts(next.has_value())) say(width, to_bytes("shown"), {});
    if (std::string excuse = conductor->second.take_excuse(); !excuse.empty())
      sayings.emplace_back().notice = std::move(excuse);
    return sayings;
  }

  Instant deadline() const override {
    const auto space = spaces_.find(current_);
    return space == spaces_.end() ? kNever : space->second.deadline();
  }

 private:
  RoundRules rules_;
  std::map<Digest, Conductor> spaces_;
  Digest current_;
};

}  // namespace

std::string subject_of_update(const Strategy& strategy, std::uint64_t round) {
  return fmt::format("{}{}", kUpdateSubject, round % (1 + (strategy.late ? strategy.late->limit : 0)));
}

std::string subject_of_model(double width) {
  return width == 1 ? std::string(kModelSubject) : fmt::format("{} {}", kModelSubject, width);
}

std::optional<double> width_of_model(std::string_view subject) {
  if (!subject.starts_with(kModelSubject)) return std::nullopt;
  const auto* const found =
      std::ranges::find_if(kWidths, [&](double width) { return subject_of_model(width) == subject; });
  return found == std::end(kWidths) ? std::nullopt : std::optional(*found);
}

std::unique_ptr<Merge> AveragingFamily::make_merge() const {
  return std::make_unique<AveragingMerge>(rules_);
}

}  // namespace outrider::averaging
