// Which lines a client writes while it finds no aggregator: the first at once, then ever more rarely.
#pragma once

#include <optional>
#include <string>

#include "knowledge/instant.h"

namespace outrider::client {

// Not thread-safe.
class SearchLog {
 public:
  // `whom`: the address that it looks for.
  explicit SearchLog(std::string whom) : whom_(std::move(whom)) {}

  // An attempt failed, for a reason that is a sentence: the line to write, if it is time for one. The same reason is
  // said again after 10 s, 20 s, and so on up to an hour; another one in an eighth of that.
  std::optional<std::string> failed(const std::string& reason, Instant now);
  // There is a conversation: the next failure begins another search.
  void found() { since_.reset(); }

 private:
  std::string whom_;
  std::optional<Instant> since_;  // the first failure of this search
  std::string reason_;            // as said last
  Instant said_{};
  Instant pause_{};
};

}  // namespace outrider::client
