#include "simulations/world/exchange.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "knowledge/error.h"

namespace outrider::simulations {

std::string first_sentence(Exchange& exchange, const std::string& mine) {
  for (const Bytes& sentence : exchange.gather(to_bytes(mine)))
    if (!sentence.empty()) return std::string(text_of(sentence));
  return mine;
}

void together(Exchange& exchange, const std::function<void()>& action) {
  std::optional<std::string> mistake;
  try {
    action();
  } catch (const InputError& error) {
    mistake = error.what();
  }
  if (exchange.earliest(mistake ? Instant{0} : kNever) == kNever) return;
  const std::string sentence = first_sentence(exchange, mistake.value_or(""));
  throw InputError(sentence.empty() ? "another rank has failed" : sentence);
}

template <typename Last>
void Meeting::wait(Last&& last) {
  std::unique_lock lock(mutex_);
  const std::uint64_t round = round_;
  if (++here_ == ranks()) {
    last();
    here_ = 0;
    ++round_;
    all_here_.notify_all();
  } else {
    all_here_.wait(lock, [&] { return round_ != round; });
  }
}

Instant ThreadExchange::earliest(Instant mine) {
  {
    const std::lock_guard lock(meeting_.mutex_);
    meeting_.least_ = std::min(meeting_.least_, mine);
  }
  meeting_.wait([&] { meeting_.result_ = std::exchange(meeting_.least_, kNever); });
  return meeting_.result_;  // nobody writes it before all have come to the next meeting
}

std::vector<Event> ThreadExchange::hand_over(std::vector<std::vector<Event>> outgoing) {
  for (std::uint32_t to = 0; to < ranks(); ++to) meeting_.boxes_[to][rank_] = std::move(outgoing[to]);
  meeting_.wait([] {});
  std::vector<Event> incoming;
  for (std::vector<Event>& box : meeting_.boxes_[rank_])
    std::ranges::move(std::exchange(box, {}), std::back_inserter(incoming));
  meeting_.wait([] {});
  return incoming;
}

std::vector<Bytes> ThreadExchange::gather(Bytes mine) {
  meeting_.gathered_[rank_] = std::move(mine);
  meeting_.wait([] {});
  std::vector<Bytes> all;
  if (rank_ == 0) all = std::exchange(meeting_.gathered_, std::vector<Bytes>(ranks()));
  meeting_.wait([] {});
  return all;
}

}  // namespace outrider::simulations
