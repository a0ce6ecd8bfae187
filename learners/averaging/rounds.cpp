#include "learners/averaging/rounds.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/random.h"

namespace outrider::averaging {
namespace {

// How many updates the combination cannot do without.
struct LeastUpdates {
  std::size_t operator()(const Krum& krum) const { return 2 * std::size_t{krum.byzantine} + 3; }
  std::size_t operator()(const MultiKrum& krum) const {
    return std::max<std::size_t>(2 * std::size_t{krum.byzantine} + 3, krum.chosen);
  }
  std::size_t operator()(const auto&) const { return 1; }
};

std::map<ClientId, double> widths_among(const std::vector<ClientId>& clients,
                                        const std::map<ClientId, double>& narrow) {
  std::map<ClientId, double> widths;
  for (const ClientId& client : clients)
    if (const auto found = narrow.find(client); found != narrow.end()) widths.insert(*found);
  return widths;
}

}  // namespace

std::vector<ClientId> sample_clients(std::span<const ClientId> clients, std::size_t count, std::uint64_t seed,
                                     std::uint64_t round, std::uint64_t draw) {
  const std::set<ClientId> distinct(clients.begin(), clients.end());
  std::vector<ClientId> order(distinct.begin(), distinct.end());
  Random random(seed, "cohort", draw, round);
  random.shuffle(std::span(order));
  order.resize(std::min(count, order.size()));
  std::ranges::sort(order);
  return order;
}

void RoundRules::check() const {
  require(cohort >= 1 && cohort <= StrategyLimits::kClients,
          fmt::format("rounds ask {} clients; expected 1 to {} clients", cohort, StrategyLimits::kClients));
  require(minimum >= 1 && minimum <= cohort,
          fmt::format("rounds ask {} clients and need {} updates; expected the minimum to be 1 to the cohort, {}",
                      cohort, minimum, cohort));
  require(duration > Instant{0}, fmt::format("rounds last {} ms; expected more than 0", duration.count()));
}

void RoundRules::check(const Strategy& strategy) const {
  check();
  const std::size_t least = std::visit(LeastUpdates{}, strategy.combination);
  const std::uint32_t sure = strategy.buffer > 0 ? strategy.buffer : minimum;
  require(sure >= least,
          fmt::format("a round may be over with {} updates; the strategy's combination needs {} or more: raise {}",
                      sure, least, strategy.buffer > 0 ? "the strategy's fedbuff" : "the minimum of the rounds"));
}

Rounds::Rounds(const Strategy& strategy, const RoundRules& rules, std::uint64_t seed, std::uint64_t round)
    : strategy_(strategy), rules_(rules), seed_(seed), round_(round) {
  strategy.check();
  rules.check(strategy);
}

std::optional<double> RoundMemory::width_of(const ClientId& client) const {
  if (!asked.contains(client)) return std::nullopt;
  const auto found = narrow.find(client);
  return found == narrow.end() ? 1 : found->second;
}

void Rounds::open(std::span<const ClientId> clients, Instant now, const std::map<ClientId, double>& narrow,
                  const Attendance& attendance) {
  assert(!open_);
  open_ = true;
  draws_ = 0;
  deadline_ = buffered() ? kNever : now + rules_.duration;
  const auto asked = buffered() ? std::vector<ClientId>(clients.begin(), clients.end())
                                : attendance.choose(attendance.admitted(clients, rules_.minimum, round_), rules_.cohort,
                                                    rules_.minimum, seed_, round_);
  pasts_.push_back({round_, {asked.begin(), asked.end()}, {}, widths_among(asked, narrow)});
  const std::size_t remembered = 1 + (strategy_.late ? strategy_.late->limit : 0);
  while (pasts_.size() > remembered) pasts_.pop_front();
}

Rounds::Memory Rounds::memory() const {
  Memory memory{open_, draws_, {pasts_.begin(), pasts_.end()}};
  for (RoundMemory& past : memory.rounds)
    std::erase_if(past.heard, [&](const ClientId& client) { return taken_.contains({client, past.round}); });
  return memory;
}

Rounds Rounds::resume(const Strategy& strategy, const RoundRules& rules, std::uint64_t seed, std::uint64_t round,
                      const Memory& memory) {
  Rounds rounds(strategy, rules, seed, round);
  rounds.open_ = memory.open;
  rounds.draws_ = memory.draws;
  rounds.pasts_.assign(memory.rounds.begin(), memory.rounds.end());
  require(std::ranges::is_sorted(rounds.pasts_, {}, &Past::round), "the rounds that are remembered are in no order");
  const bool fits = memory.open ? !rounds.pasts_.empty() && rounds.pasts_.back().round == round
                                : rounds.pasts_.empty() || rounds.pasts_.back().round < round;
  require(fits, fmt::format("the rounds that are remembered do not lead to round {}", round));
  return rounds;
}

void Rounds::start_clock(Instant now) {
  deadline_ = open_ && !buffered() ? now + rules_.duration : kNever;
}

std::vector<ClientId> Rounds::cohort() const {
  if (!open_) return {};
  return {pasts_.back().asked.begin(), pasts_.back().asked.end()};
}

std::optional<double> Rounds::width_of(const UpdateKey& update) const {
  const auto past = std::ranges::find(pasts_, update.round, &Past::round);
  return past == pasts_.end() ? std::nullopt : past->width_of(update.client);
}

Rounds::Past& Rounds::past_of(const UpdateKey& update, const std::string& what) {
  const auto found = std::ranges::find(pasts_, update.round, &Past::round);
  if (found != pasts_.end()) return *found;
  require(update.round < round_, fmt::format("{} is of round {}, which has not begun", what, update.round));
  // From before this began to count: with FedBuff anyone may have learned from those weights.
  require(buffered(), fmt::format("{} is of round {}; whom that round asked is no longer known", what, update.round));
  return *pasts_.insert(std::ranges::upper_bound(pasts_, update.round, {}, &Past::round), {update.round, {}, {}});
}

std::uint64_t Rounds::take(const UpdateKey& update) {
  const std::string what = fmt::format("the update of client {}", update.client.brief());
  const std::uint64_t staleness = checked_staleness(update.round, round_, strategy_, what);
  Past& past = past_of(update, what);
  require(buffered() || past.asked.contains(update.client),
          fmt::format("{} is of round {}, which did not ask that client", what, update.round));
  require(past.heard.insert(update.client).second,
          fmt::format("{} is of round {}, of which that client has given one already", what, update.round));
  taken_.insert(update);
  return staleness;
}

Answer Rounds::offer(const UpdateKey& update) {
  Answer answer;
  const auto objection = objection_of([&] { answer.staleness = take(update); });
  answer.taken = !objection;
  answer.reason = objection.value_or("");
  return answer;
}

std::set<ClientId> Rounds::awaited() const {
  std::set<ClientId> awaited;
  if (open_ && !buffered())
    std::ranges::set_difference(pasts_.back().asked, pasts_.back().heard, std::inserter(awaited, awaited.end()));
  return awaited;
}

bool Rounds::no_answer_to_come(const std::set<ClientId>& lost) const {
  const RoundMemory& last = pasts_.back();
  if (last.heard.size() + lost.size() < last.asked.size()) return false;
  return std::ranges::all_of(
      last.asked, [&](const ClientId& client) { return last.heard.contains(client) || lost.contains(client); });
}

bool Rounds::due(Instant now, const std::set<ClientId>& lost) const {
  if (!open_) return false;
  if (buffered()) return taken_.size() >= strategy_.buffer;
  return taken_.size() >= rules_.minimum && (now >= deadline_ || no_answer_to_come(lost));
}

bool Rounds::stuck(const std::set<ClientId>& lost) const {
  return open_ && !buffered() && taken_.size() < rules_.minimum && no_answer_to_come(lost);
}

bool Rounds::overdue(Instant now) const {
  return open_ && now >= deadline_ && taken_.size() < rules_.minimum;
}

std::vector<ClientId> Rounds::extend(std::span<const ClientId> clients, Instant now,
                                     const std::map<ClientId, double>& narrow) {
  assert(open_);
  std::set<ClientId>& asked = pasts_.back().asked;
  std::vector<ClientId> others;
  std::ranges::copy_if(clients, std::back_inserter(others), [&](const ClientId& id) { return !asked.contains(id); });
  constexpr std::uint64_t kMostDoublings = 16;
  const std::size_t count = std::size_t{rules_.cohort} << std::min(draws_, kMostDoublings);
  const auto drawn = sample_clients(others, count, seed_, round_, ++draws_);
  asked.insert(drawn.begin(), drawn.end());
  pasts_.back().narrow.merge(widths_among(drawn, narrow));
  deadline_ = now + rules_.duration;
  return drawn;
}

void Rounds::abandon() {
  assert(open_);
  taken_.clear();
  open_ = false;
  deadline_ = kNever;
  ++round_;
}

std::vector<UpdateKey> Rounds::close([[maybe_unused]] Instant now, [[maybe_unused]] const std::set<ClientId>& lost) {
  assert(due(now, lost));
  std::vector<UpdateKey> taken(taken_.begin(), taken_.end());
  taken_.clear();
  open_ = false;
  deadline_ = kNever;
  ++round_;
  return taken;
}

}  // namespace outrider::averaging
