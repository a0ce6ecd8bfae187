// What clients have said anew: the payloads that their later contributions replaced, which nothing is merged from.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "aggregator/decision.h"

namespace outrider::aggregator {

struct HistoryLimits {
  std::uint64_t bytes = UINT64_MAX;  // of superseded payloads; where they take more, the oldest are dropped
  std::uint64_t least = 4096;        // a payload that is smaller is kept, whatever they come to
};

// Not thread-safe.
class History {
 public:
  explicit History(HistoryLimits limits) : limits_(limits) {}

  // An accepted contribution, durable or about to be; a client's in rising sequence.
  void accepted(const Decision& decision);
  // Drops what is too much, oldest revision first: the decisions stay, without payloads. What is not durable yet is
  // left for the next time.
  void drop_excess(const Store& store, WriteSet& writes);

 private:
  struct Current {
    SequenceNumber sequence{};
    Revision revision{};
    std::uint64_t bytes = 0;
  };
  using Superseded = std::tuple<Revision, ClientId, SequenceNumber>;

  HistoryLimits limits_;
  std::map<std::pair<ClientId, Topic>, Current> current_;
  std::map<Superseded, std::uint64_t> superseded_;  // their bytes
  std::uint64_t bytes_ = 0;
};

}  // namespace outrider::aggregator
