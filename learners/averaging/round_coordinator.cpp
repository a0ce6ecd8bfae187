#include "learners/averaging/round_coordinator.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/averaging/merge.h"

namespace outrider::averaging {
namespace {

// "3f2a…, 77b0… and 5 more"
std::string some_of(const std::set<ClientId>& clients) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> named;
  for (const ClientId& client : clients) {
    if (named.size() == kNamed) break;
    named.push_back(client.brief());
  }
  std::string text = fmt::format("{}", fmt::join(named, ", "));
  if (clients.size() > kNamed) text += fmt::format(" and {} more", clients.size() - kNamed);
  return text;
}

}  // namespace

RoundCoordinator::RoundCoordinator(LearningTask task, RoundRules rules)
    : task_(std::move(task)), rules_(rules), widths_(task_, rules.duration) {
  rules_.check(task_.strategy);
}

std::vector<Fact> RoundCoordinator::facts() const {
  if (!record_) return {};
  std::vector<Fact> facts;
  std::string round = std::to_string(record_->state.round);
  if (rules_.rounds > 0) round += fmt::format(" of {}", rules_.rounds);
  if (rounds_->is_open()) round += fmt::format(", with {} updates of {}", rounds_->taken(), rounds_->cohort().size());
  facts.push_back({"round", std::move(round)});
  if (!record_->finished.empty()) facts.push_back({"training is over", record_->finished});
  if (const auto awaited = rounds_->awaited(); !awaited.empty()) facts.push_back({"waits for", some_of(awaited)});
  if (!rounds_->is_open() && record_->finished.empty())
    facts.push_back({"waits for", fmt::format("{} clients that can train", enough())});
  if (!record_->curve.empty()) {
    const Score& last = record_->curve.back();
    facts.push_back({"held-out pictures", fmt::format("round {}: {}", last.round, last.text())});
    facts.push_back({"best", fmt::format("round {}: {}", record_->best.round, record_->best.text())});
  }
  if (!record_->trouble.empty()) facts.push_back({"diverged", record_->trouble});
  return facts;
}

void RoundCoordinator::client_joined(const Capacity& capacity) {
  if (const auto width = widths_.trained_by(capacity)) {
    wanted_.insert(*width);
  } else if (!std::exchange(excused_, true)) {
    notices_.push_back(widths_.excuse(capacity));
  }
}

std::vector<double> RoundCoordinator::parts(bool new_record) const {
  std::vector<double> parts;
  for (const double width : wanted_)
    if (width < 1 && (new_record || !shown_.contains(width))) parts.push_back(width);
  return parts;
}

Instant RoundCoordinator::deadline() const {
  if (!rounds_) return kNever;
  const Instant deadline = rounds_->deadline();
  return deadline == kNever ? kNever : std::min(deadline, next_look_);
}

std::optional<RoundCoordinator::Next> RoundCoordinator::step(const Present& present, Instant now) {
  if (!record_) {
    RoundRecord first;
    first.state = task_.initial_state();
    return begin(std::move(first), {}, candidates(present()), now);
  }
  if (!std::exchange(clock_runs_, true)) rounds_->start_clock(now);
  if (!rounds_->is_open()) {
    if (std::string end = end_of(*record_); !end.empty()) {
      if (!record_->finished.empty()) return std::nullopt;
      RoundRecord record = *record_;
      record.finished = end;
      return Next{std::move(record), "training is over: " + end};
    }
    const Candidates clients = candidates(present());
    if (clients.able.size() >= enough()) return begin(*record_, {}, clients, now);
    remind(fmt::format("round {} waits for clients: {} of the {} that it needs are here and can train",
                       record_->state.round, clients.able.size(), enough()),
           now);
    return std::nullopt;
  }
  if (now >= next_look_) {
    next_look_ = now + kLookEvery;
    look(present());
  }
  if (std::exchange(excuses_changed_, false)) find_lost();
  if (is_of_no_use(now))
    return abandon(fmt::format("diverged at {} of the clients that it asked", diverged_), candidates(present()), now);
  if (rounds_->due(now, lost_)) {
    if (const Score told = score(); explodes(told))
      return abandon("was given weights that had diverged: " + told.text(), candidates(present()), now);
    return close(candidates(present()), now);
  }
  if (!rounds_->overdue(now) && !rounds_->stuck(lost_)) return std::nullopt;
  auto next = extend(candidates(present()), now);
  if (!next)
    remind(
        fmt::format("round {} has {} of the {} updates that it needs, and there is nobody else to ask: it waits for {}",
                    record_->state.round, rounds_->taken(), rules_.minimum, some_of(rounds_->awaited())),
        now);
  return next;
}

// Of those who can train, by their device and by what they say.
Candidates RoundCoordinator::candidates(const std::vector<PresentClient>& present) {
  std::vector<PresentClient> able;
  for (const PresentClient& client : present) {
    client_joined(client.capacity);
    const auto excuse = excuses_.find(client.id);
    if (excuse == excuses_.end() || excuse->second.cause != Cause::kNoPictures) able.push_back(client);
  }
  Candidates candidates = widths_.candidates(able);
  candidates.unable += present.size() - able.size();
  return candidates;
}

// With how many clients a round is worth opening.
std::size_t RoundCoordinator::enough() const {
  return task_.strategy.buffer > 0 ? 1 : rules_.minimum;
}

// After a restart nobody is connected at first: only who has been seen can be gone.
void RoundCoordinator::look(const std::vector<PresentClient>& present) {
  std::set<ClientId> here;
  for (const PresentClient& client : present) here.insert(client.id);
  for (const ClientId& client : rounds_->awaited()) {
    if (here.contains(client)) {
      seen_.insert(client);
      gone_.erase(client);
    } else if (seen_.contains(client)) {
      gone_.insert(client);
    }
  }
  find_lost();
}

// Those awaited who left, are not connected any more, or said that they will send no update.
void RoundCoordinator::find_lost() {
  lost_.clear();
  diverged_ = 0;
  for (const ClientId& client : rounds_->awaited()) {
    const auto found = excuses_.find(client);
    const bool has_none = found != excuses_.end() && found->second.cause == Cause::kNoPictures;
    const bool failed = found != excuses_.end() && found->second == Excuse{Cause::kDiverged, record_->state.round};
    if (failed) ++diverged_;
    if (has_none || failed || gone_.contains(client)) lost_.insert(client);
  }
}

// Whether training from the round's weights diverges at most of the clients that have tried.
bool RoundCoordinator::is_of_no_use(Instant now) const {
  if (diverged_ == 0 || diverged_ < rounds_->taken()) return false;
  return rounds_->due(now, lost_) || rounds_->stuck(lost_) || rounds_->overdue(now);
}

void RoundCoordinator::end_attendance(RoundRecord& record, const RoundMemory& round) const {
  if (task_.strategy.buffer > 0) return;
  std::set<ClientId> answered = round.heard;
  for (const auto& [client, excuse] : excuses_)
    if (excuse.cause == Cause::kNoPictures || excuse.round == round.round) answered.insert(client);
  record.attendance.ended(round.round, round.asked, answered);
}

// Opens the round at hand, if there are clients enough.
RoundCoordinator::Next RoundCoordinator::begin(RoundRecord record, std::string notice, const Candidates& clients,
                                               Instant now) const {
  Rounds rounds = Rounds::resume(task_.strategy, rules_, task_.seed, record.state.round, record.memory);
  record.finished = end_of(record);
  const bool opens = record.finished.empty() && clients.able.size() >= enough();
  if (!record.finished.empty()) notice += "; training is over: " + record.finished;
  if (opens) rounds.open(clients.able, now, clients.narrow, record.attendance);
  record.memory = rounds.memory();
  if (opens) {
    record.population = clients.able.size();
    notice += fmt::format("{}round {} asks {}", notice.empty() ? "" : "; ", record.state.round,
                          asking(record.memory.rounds.back(), clients));
  }
  return {std::move(record), std::move(notice)};
}

Score RoundCoordinator::score() const {
  Score score;
  score.round = record_->state.round;
  for (const UpdateKey& key : rounds_->taken_keys()) {
    const Update& update = update_of(key);
    if (update.width == 1 && update.round == score.round && update.score.pictures > 0) score.add(update.score);
  }
  return score;
}

// Guessing has the loss ln(classes): ten times that is no stage of learning.
bool RoundCoordinator::explodes(const Score& score) const {
  constexpr double kExplosion = 10;
  if (score.pictures == 0 || record_->state.round == 0) return false;
  const double usual = std::max(std::log(static_cast<double>(task_.classes.size())),
                                record_->best.pictures > 0 ? record_->best.loss() : 0);
  return !(score.loss() <= kExplosion * std::max(usual, 0.1));
}

std::string RoundCoordinator::end_of(const RoundRecord& record) const {
  const std::uint64_t round = record.state.round;
  const Score& best = record.best;
  const std::string served = best.pictures > 0
                                 ? fmt::format("the model of round {} is served ({})", best.round, best.text())
                                 : "the last model is served, since nobody told how good one is";
  if (rules_.rounds > 0 && round > rules_.rounds) return fmt::format("{} rounds are done; {}", rules_.rounds, served);
  if (rules_.patience > 0 && best.pictures > 0 && round > best.round + rules_.patience)
    return fmt::format("no round since {} has done better, for {} rounds; {}", best.round, rules_.patience, served);
  return {};
}

RoundCoordinator::Next RoundCoordinator::close(const Candidates& clients, Instant now) const {
  Rounds rounds = *rounds_;
  std::vector<Update> updates;
  for (const UpdateKey& key : rounds.close(now, lost_)) updates.push_back(update_of(key));
  RoundRecord record = *record_;
  record.memory = rounds.memory();
  end_attendance(record, record.memory.rounds.back());
  std::string notice = fmt::format("round {} is over with {} updates", record.state.round, updates.size());
  const Score told = score();
  const bool is_best = told.pictures > 0 && record.add(told);
  if (told.pictures > 0) notice += fmt::format(": {}{}", told.text(), is_best ? ", the best so far" : "");
  if (rules_.rounds > 0 && record.state.round >= rules_.rounds) {  // it was asked how good the last model is
    ++record.state.round;
    Next next = begin(std::move(record), std::move(notice), clients, now);
    next.is_best = is_best;
    return next;
  }
  try {
    record.state = apply_round(task_.network, task_.strategy, record.state, updates,
                               {.population = std::max<std::uint64_t>(record.population, updates.size())});
  } catch (const InputError& error) {
    ++record.state.round;
    notice += fmt::format(" and leaves the weights as they were: {}", error.what());
  }
  Next next = begin(std::move(record), std::move(notice), clients, now);
  next.is_best = is_best;
  return next;
}

RoundCoordinator::Next RoundCoordinator::abandon(const std::string& why, const Candidates& clients, Instant now) const {
  const std::uint64_t round = record_->state.round;
  Rounds rounds = *rounds_;
  rounds.abandon();
  RoundRecord record = *record_;
  record.memory = rounds.memory();
  end_attendance(record, record.memory.rounds.back());
  record.state = task_.initial_state();
  if (!best_.empty()) record.state.weights = decode_round_record(best_, task_).state.weights;
  record.state.round = round + 1;
  record.trouble = fmt::format("round {} {}", round, why);
  const std::string from = best_.empty() ? "anew" : fmt::format("from the model of round {}", record.best.round);
  return begin(
      std::move(record),
      fmt::format("round {} {}; training goes on {}: {}", round, why, from, advice_on_divergence(task_.strategy)),
      clients, now);
}

std::optional<RoundCoordinator::Next> RoundCoordinator::extend(const Candidates& clients, Instant now) {
  const std::vector<ClientId> asked = rounds_->cohort();
  std::vector<ClientId> left;
  std::ranges::copy_if(clients.able, std::back_inserter(left),
                       [&](const ClientId& id) { return !std::ranges::binary_search(asked, id); });
  if (left.empty() && !rounds_->overdue(now)) return std::nullopt;
  left = record_->attendance.admitted(left, 1, record_->state.round);
  const std::size_t others = rounds_->extend(left, now, clients.narrow).size();
  if (others == 0) return std::nullopt;
  RoundRecord record = *record_;
  record.memory = rounds_->memory();
  return Next{std::move(record), fmt::format("round {} asks {} more clients: it has {} of the {} updates that it needs",
                                             record_->state.round, others, rounds_->taken(), rules_.minimum)};
}

void RoundCoordinator::remind(std::string sentence, Instant now) {
  if (now < reminded_ + kRemindEvery) return;
  reminded_ = now;
  notices_.push_back(std::move(sentence));
}

const Update& RoundCoordinator::update_of(const UpdateKey& key) const {
  return updates_.at({key.client, subject_of_update(task_.strategy, key.round)});
}

}  // namespace outrider::averaging
