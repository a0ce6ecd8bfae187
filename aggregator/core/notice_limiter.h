// Lines for people, as many as people can read: who makes the aggregator say the same again and again is left out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "knowledge/contribution.h"
#include "knowledge/instant.h"

namespace outrider::aggregator {

struct NoticeLimits {
  std::size_t of_client = 60;  // lines a minute that one client causes
  std::size_t of_all = 50;     // lines a second that all of them do
};

// The next line that is let through says how many were left out. Not thread-safe.
class NoticeLimiter {
 public:
  explicit NoticeLimiter(NoticeLimits limits = {}) : limits_(limits) {}

  // Leaves the lines that may be said of what `client` caused.
  void filter(const ClientId& client, Instant now, std::vector<std::string>& notices);

 private:
  bool admit(const ClientId& client, Instant now);

  NoticeLimits limits_;
  Instant minute_ = Instant::min() / 2;   // since when `said_` counts
  std::map<ClientId, std::size_t> said_;  // in that minute, by clients of whom something was said: bounded by of_all
  Instant second_ = Instant::min() / 2;
  std::size_t said_by_all_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace outrider::aggregator
