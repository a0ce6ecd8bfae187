// What clients have said anew: the payloads that their later contributions replaced, which nothing is merged from.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "aggregator/decision.h"

namespace outrider::aggregator {

struct HistoryLimits {
  // Of superseded payloads; where they take more, or there are more, the oldest are dropped.
  std::uint64_t bytes = kDefaultBytes;
  std::size_t payloads = 250'000;

  static constexpr std::uint64_t kDefaultBytes = 1'000'000'000;
  static constexpr std::uint64_t kUnlimited = UINT64_MAX;  // as bytes: nothing is ever dropped
};

// Not thread-safe.
class History {
 public:
  explicit History(HistoryLimits limits) : limits_(limits) {}

  // An accepted contribution, durable or about to be; a client's in rising sequence.
  void accepted(const Decision& decision);
  // Nothing of what the client said is kept any more.
  void forget(const ClientId& client);
  // Drops what is too much, oldest revision first, some at a time: the decisions stay, without payloads. What is not
  // durable yet is left for the next time.
  void drop_excess(const Store& store, WriteSet& writes);
  bool has_excess() const { return bytes_ > limits_.bytes || superseded_.size() > limits_.payloads; }

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
