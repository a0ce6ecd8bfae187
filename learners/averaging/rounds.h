// Who takes part in which round, and when a round is over: a state machine without a clock. It decides on updates by
// their keys; the updates themselves are the caller's.
//
//   Rounds rounds(strategy, {.cohort = 10, .minimum = 5, .duration = 60s}, seed);
//   rounds.open(clients, now);            // rounds.cohort() is who is to be asked
//   const Answer answer = rounds.offer({client, round});   // keep the update if it was taken, else tell the reason
//   if (rounds.due(now)) state = apply_round(..., updates of rounds.close(now), ...); rounds.open(clients, now);
//
// With FedBuff every client may take part at any time, and a round is over when K updates are there. Every update that
// is offered is taken into the round at hand or refused with a sentence; what was taken is handed out by close()
// exactly once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "knowledge/instant.h"
#include "learners/averaging/attendance.h"
#include "learners/averaging/sample.h"
#include "learners/averaging/strategy.h"
#include "learners/averaging/update.h"

namespace outrider::averaging {

struct RoundRules {
  std::uint32_t cohort = 10;   // clients asked in a round; without FedBuff
  std::uint32_t minimum = 1;   // updates that a round needs; without FedBuff
  Instant duration{60000};     // after which a round makes do with the minimum, or asks others too
  std::uint64_t rounds = 0;    // that the model is trained; 0: without end
  std::uint64_t patience = 0;  // rounds without a better score after which training ends; 0: it does not

  bool operator==(const RoundRules&) const = default;
  // Throws InputError unless 1 <= minimum <= cohort and duration is above 0.
  void check() const;
  // And unless the combination can work with the minimum.
  void check(const Strategy& strategy) const;
};

struct Answer {
  bool taken = false;
  std::uint64_t staleness = 0;  // rounds, of what was taken
  std::string reason;           // why it was refused; else empty

  bool operator==(const Answer&) const = default;
};

// What is remembered of a round for as long as updates of it may come.
struct RoundMemory {
  std::uint64_t round = 0;
  std::set<ClientId> asked;
  std::set<ClientId> heard;
  std::map<ClientId, double> narrow{};  // of those asked to train a part of the network: its width (narrow.h)

  bool operator==(const RoundMemory&) const = default;
  // Nothing for those who were not asked.
  std::optional<double> width_of(const ClientId& client) const;
};

class Rounds {
 public:
  // The next round to open is `round`. Throws InputError unless strategy and rules pass their checks.
  Rounds(const Strategy& strategy, const RoundRules& rules, std::uint64_t seed, std::uint64_t round = 0);

  bool operator==(const Rounds&) const = default;

  // What has to be kept of this besides strategy, rules, seed and round(), without what the open round has taken:
  // resume() and the offers that were taken make an equal one, but for the time, which starts anew with start_clock().
  struct Memory {
    bool open = false;
    std::uint64_t draws = 0;
    std::vector<RoundMemory> rounds;  // rising
    bool operator==(const Memory&) const = default;
  };
  Memory memory() const;
  // Throws InputError unless the memory is one of `round`.
  static Rounds resume(const Strategy& strategy, const RoundRules& rules, std::uint64_t seed, std::uint64_t round,
                       const Memory& memory);
  // Gives the open round the whole duration from now on.
  void start_clock(Instant now);

  // Opens the round at hand and chooses who is to be asked of the clients that there are; `narrow` are the widths of
  // those that train a part of the network, and `attendance` how they have answered before. Asserts that no round is
  // open.
  void open(std::span<const ClientId> clients, Instant now, const std::map<ClientId, double>& narrow = {},
            const Attendance& attendance = {});

  std::uint64_t round() const { return round_; }
  bool is_open() const { return open_; }
  // Who is asked in this round, in rising order; with FedBuff all that open() was given.
  std::vector<ClientId> cohort() const;
  // When the round may be over at the earliest unless updates end it before; kNever with FedBuff.
  Instant deadline() const { return deadline_; }
  std::size_t taken() const { return taken_.size(); }
  const std::set<UpdateKey>& taken_keys() const { return taken_; }
  // Of what an update has to be; nothing where it is not known that its client was asked: FedBuff takes any then.
  std::optional<double> width_of(const UpdateKey& update) const;

  // Takes an update into the round at hand, which may not be open yet, or refuses it: it is late and the strategy does
  // not take it, its client was not asked or has been heard already, or its round is not known here.
  Answer offer(const UpdateKey& update);

  // Those of the clients asked who have not answered. None with FedBuff, which waits for nobody in particular.
  std::set<ClientId> awaited() const;
  // Whether close() may be called: FedBuff's buffer is full, or the minimum is there and the time is up or every client
  // asked has answered but those of `lost`, of whom it is known that they will not.
  bool due(Instant now, const std::set<ClientId>& lost = {}) const;
  // Whether the time is up without the minimum: extend() asks others.
  bool overdue(Instant now) const;
  // Whether the minimum is not there and no answer is to come: extend() may ask others before the time is up.
  bool stuck(const std::set<ClientId>& lost) const;
  // Draws more clients out of those not yet asked, as many as in the first place and each time twice as many, and gives
  // them all the duration again; what was taken stays. With nobody left to draw those who were asked have the time
  // again. Returns the new ones. Asserts that a round is open.
  std::vector<ClientId> extend(std::span<const ClientId> clients, Instant now,
                               const std::map<ClientId, double>& narrow = {});
  // Ends the round and returns what it took, in the order of keys. Asserts due(now, lost).
  std::vector<UpdateKey> close(Instant now, const std::set<ClientId>& lost = {});
  // Ends the round, and what it took counts for nothing: the weights that it handed out were of no use.
  void abandon();

 private:
  using Past = RoundMemory;
  Past& past_of(const UpdateKey& update, const std::string& what);
  std::uint64_t take(const UpdateKey& update);
  bool buffered() const { return strategy_.buffer > 0; }
  bool no_answer_to_come(const std::set<ClientId>& lost) const;

  Strategy strategy_;
  RoundRules rules_;
  std::uint64_t seed_;
  std::uint64_t round_;
  bool open_ = false;
  std::uint64_t draws_ = 0;
  Instant deadline_ = kNever;
  std::set<UpdateKey> taken_;
  std::deque<Past> pasts_;  // rising; as many rounds as updates may be late, and the one at hand
};

}  // namespace outrider::averaging
