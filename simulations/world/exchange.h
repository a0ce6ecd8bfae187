// How the parts of a world keep pace: each advances on its own to a common horizon, then they hand events over.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "simulations/world/event_queue.h"

namespace outrider::simulations {

// One for each rank; a rank is a thread or a process. All ranks call the same functions in the same order.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual std::uint32_t rank() const = 0;
  virtual std::uint32_t ranks() const = 0;
  // The least of what all ranks say.
  virtual Instant earliest(Instant mine) = 0;
  // Gives outgoing[r] to rank r and returns what the others had for this one, in any order.
  virtual std::vector<Event> hand_over(std::vector<std::vector<Event>> outgoing) = 0;
  // The byte strings of all ranks, by rank; on rank 0, empty elsewhere.
  virtual std::vector<Bytes> gather(Bytes mine) = 0;
};

// What some rank has to say, on rank 0, if it is not empty everywhere; elsewhere what this one has.
std::string first_sentence(Exchange& exchange, const std::string& mine);

// Does something on all ranks. Throws InputError on all of them when it did on any; rank 0's is the one to be shown.
void together(Exchange& exchange, const std::function<void()>& action);

// A world of one part.
class NoExchange : public Exchange {
 public:
  std::uint32_t rank() const override { return 0; }
  std::uint32_t ranks() const override { return 1; }
  Instant earliest(Instant mine) override { return mine; }
  std::vector<Event> hand_over(std::vector<std::vector<Event>>) override { return {}; }
  std::vector<Bytes> gather(Bytes mine) override { return {std::move(mine)}; }
};

// Where threads of one process meet.
class Meeting {
 public:
  explicit Meeting(std::uint32_t ranks) : boxes_(ranks, std::vector<std::vector<Event>>(ranks)), gathered_(ranks) {}
  std::uint32_t ranks() const { return static_cast<std::uint32_t>(boxes_.size()); }

 private:
  friend class ThreadExchange;
  // Waits until all have come; the last one first calls `last`.
  template <typename Last>
  void wait(Last&& last);

  std::mutex mutex_;
  std::condition_variable all_here_;
  std::uint32_t here_ = 0;
  std::uint64_t round_ = 0;
  Instant least_ = kNever;
  Instant result_ = kNever;
  std::vector<std::vector<std::vector<Event>>> boxes_;  // [to][from]
  std::vector<Bytes> gathered_;
};

class ThreadExchange : public Exchange {
 public:
  ThreadExchange(Meeting& meeting, std::uint32_t rank) : meeting_(meeting), rank_(rank) {}
  std::uint32_t rank() const override { return rank_; }
  std::uint32_t ranks() const override { return meeting_.ranks(); }
  Instant earliest(Instant mine) override;
  std::vector<Event> hand_over(std::vector<std::vector<Event>> outgoing) override;
  std::vector<Bytes> gather(Bytes mine) override;

 private:
  Meeting& meeting_;
  std::uint32_t rank_;
};

}  // namespace outrider::simulations
