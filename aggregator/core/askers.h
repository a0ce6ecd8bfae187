// Who asked for what of late, so that nobody makes the aggregator say more than he can use.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "knowledge/contribution.h"
#include "knowledge/digest.h"
#include "knowledge/instant.h"

namespace outrider::aggregator {

struct AskerLimits {
  // The same question within this time is answered so many times: a client repeats it when an answer is late.
  Instant repeat{200};
  std::uint32_t times = 4;
  std::uint64_t bytes_per_second = 8u << 20;  // of answers to one client, on the whole;
  std::uint64_t burst_bytes = 64u << 20;      // so much at once
  std::size_t clients = 10'000;               // that are remembered: who asked longest ago is forgotten
};

// Not thread-safe.
class Askers {
 public:
  explicit Askers(AskerLimits limits = {}) : limits_(limits) {}

  // Whether the question is to be answered: it is another than the client's last, or that was a while ago, and it has
  // not been given too much.
  bool may_ask(const ClientId& client, const Digest& question, Instant now);
  // So many bytes have been given to the client, after may_ask().
  void given(const ClientId& client, std::uint64_t bytes);
  // It begins a conversation: its next question is a new one.
  void begin(const ClientId& client);

 private:
  struct Asker {
    Digest question;
    std::uint32_t times = 0;  // asked within the time
    Instant asked = Instant::min() / 2;
    double bytes = 0;   // given, less what has become due since
    Instant counted{};  // when `bytes` was true
  };

  AskerLimits limits_;
  std::map<ClientId, Asker> askers_;
  std::set<std::pair<Instant, ClientId>> by_time_;
};

}  // namespace outrider::aggregator
