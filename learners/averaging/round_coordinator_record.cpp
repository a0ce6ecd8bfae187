// What is on record of the rounds: how it is read, taken and given out.
#include <algorithm>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/round_coordinator.h"
#include "learners/averaging/update_wire.h"

namespace outrider::averaging {
namespace {

std::string update_of_client(const Contribution& contribution) {
  return "the update of client " + contribution.client.brief();
}

}  // namespace

std::unique_ptr<Decoded> RoundCoordinator::read(const Contribution& contribution) const {
  const std::string& subject = contribution.topic.subject;
  if (subject == kModelSubject || subject == kBestSubject)
    return decoded(decode_round_record(contribution.payload, task_));
  if (subject == kExcuseSubject)
    return decoded(decode_excuse(contribution.payload, "the excuse of client " + contribution.client.brief()));
  if (width_of_model(subject)) return std::make_unique<Decoded>();  // that there is such a part is all it says
  return decoded(decode_update(contribution.payload, contribution.client, task_.network, task_.strategy,
                               update_of_client(contribution)));
}

std::optional<std::string> RoundCoordinator::objection_to(const Contribution& contribution, const Decoded& said) const {
  const std::string& subject = contribution.topic.subject;
  return objection_of([&] {
    if (subject == kModelSubject || subject == kBestSubject) {
      const double width = as<RoundRecord>(said).width;
      require(width == 1, fmt::format("the record of a round is of width {}; expected the whole network's", width));
    } else if (subject != kExcuseSubject && !width_of_model(subject)) {
      require_wanted(contribution, as<Update>(said));
    }
  });
}

// Throws InputError unless a round can use the update.
void RoundCoordinator::require_wanted(const Contribution& contribution, const Update& update) const {
  require(rounds_.has_value(), update_of_client(contribution) + " came before the first round");
  const std::string expected = subject_of_update(task_.strategy, update.round);
  require(contribution.topic.subject == expected,
          fmt::format("{} is of round {} and belongs to the subject '{}', not {}", update_of_client(contribution),
                      update.round, expected, utf8::quoted(contribution.topic.subject)));
  const Answer answer = Rounds(*rounds_).offer(key_of(update));
  require(answer.taken, answer.reason);
  const double asked = rounds_->width_of(key_of(update)).value_or(update.width);
  require(update.width == asked, fmt::format("{} is of width {}; round {} asks that client for width {}",
                                             update_of_client(contribution), update.width, update.round, asked));
}

void RoundCoordinator::take(const Contribution& contribution, Decoded& said) {
  const std::string& subject = contribution.topic.subject;
  if (subject == kModelSubject) {
    put_record(std::move(as<RoundRecord>(said)));
  } else if (subject == kBestSubject) {
    best_ = contribution.payload;
  } else if (const auto width = width_of_model(subject)) {
    shown_.insert(*width);
    wanted_.insert(*width);
  } else if (subject == kExcuseSubject) {
    excuses_.insert_or_assign(contribution.client, as<Excuse>(said));
    excuses_changed_ = true;
  } else {
    put_update(contribution, std::move(as<Update>(said)));
  }
}

std::optional<std::uint64_t> RoundCoordinator::most_bytes(const std::string& subject) const {
  if (width_of_model(subject) || subject == kBestSubject) return UINT64_MAX;
  if (subject == kExcuseSubject) return kMostExcuseBytes;
  if (!subject.starts_with(kUpdatePrefix)) return std::nullopt;
  return most_update_bytes(task_.network, task_.strategy);
}

std::string RoundCoordinator::describe(const Contribution& contribution) const {
  if (contribution.topic.subject == kExcuseSubject) {
    if (contribution.withdraws()) return "that it can train again";
    const Excuse excuse = decode_excuse(contribution.payload);
    return excuse.cause == Cause::kNoPictures ? "that it has no pictures to train with"
                                              : fmt::format("that its training for round {} diverged", excuse.round);
  }
  const auto round = round_of_update(contribution.payload);
  return round ? fmt::format("its update of round {}", *round) : std::string{};
}

void RoundCoordinator::put_record(RoundRecord record) {
  record_ = std::move(record);
  models_.clear();
  clock_runs_ = false;
  next_look_ = Instant{0};
  seen_.clear();
  gone_.clear();
  lost_.clear();
  diverged_ = 0;
  resume();
  // What earlier rounds have used is in the record now.
  std::erase_if(updates_, [&](const auto& entry) {
    const UpdateKey key = key_of(entry.second);
    const auto round = std::ranges::find(record_->memory.rounds, key.round, &RoundMemory::round);
    return round == record_->memory.rounds.end() || round->heard.contains(key.client);
  });
}

// An update comes before its round's record where a state is restored.
void RoundCoordinator::put_update(const Contribution& contribution, Update update) {
  if (rounds_) rounds_->offer(key_of(update));
  updates_.insert_or_assign({contribution.client, contribution.topic.subject}, std::move(update));
}

void RoundCoordinator::erase_update(const ClientId& client, const std::string& subject) {
  if (updates_.erase({client, subject}) == 0 || !rounds_) return;
  resume();
}

void RoundCoordinator::erase_excuse(const ClientId& client) {
  excuses_changed_ |= excuses_.erase(client) > 0;
}

void RoundCoordinator::erase_part(double width) {
  shown_.erase(width);
  wanted_.erase(width);
}

Bytes RoundCoordinator::model(double width) const {
  if (!record_ || !shown_.contains(width)) return {};
  const auto known = models_.find(width);
  if (known != models_.end()) return known->second;
  return models_.emplace(width, encode(record_->published(task_.network, width))).first->second;
}

bool RoundCoordinator::visible_to(const std::string& subject, const Capacity& capacity) const {
  if (subject == kBestSubject) return widths_.sent_to(capacity) == 1;
  const auto width = width_of_model(subject);
  return width.has_value() && widths_.sent_to(capacity) == width;  // of the others there is nothing merged
}

void RoundCoordinator::resume() {
  const Instant deadline = rounds_ ? rounds_->deadline() : kNever;
  rounds_ = Rounds::resume(task_.strategy, rules_, task_.seed, record_->state.round, record_->memory);
  if (clock_runs_ && deadline != kNever) rounds_->start_clock(deadline - rules_.duration);
  for (const auto& [from, update] : updates_) rounds_->offer(key_of(update));
}

}  // namespace outrider::averaging
