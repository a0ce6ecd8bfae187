// How contributions were decided of late, at hand before it is durable; what is older is in the store.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "knowledge/contribution.h"

namespace outrider::aggregator {

struct Verdict {
  SequenceNumber sequence{};
  Digest id;
  std::string refused;  // why; empty: accepted
};

// The latest of all clients. Not thread-safe.
class Verdicts {
 public:
  static constexpr std::size_t kMost = 65'536;  // as many as one message may hold

  void remember(const ClientId& client, Verdict verdict) {
    const auto key = std::pair{client, verdict.sequence};
    if (!recent_.insert_or_assign(key, std::move(verdict)).second) return;
    order_.push_back(key);
    if (order_.size() <= kMost) return;
    recent_.erase(order_.front());
    order_.pop_front();
  }
  // Null: it is not here.
  const Verdict* find(const ClientId& client, SequenceNumber sequence) const {
    const auto found = recent_.find({client, sequence});
    return found == recent_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::pair<ClientId, SequenceNumber>, Verdict> recent_;
  std::deque<std::pair<ClientId, SequenceNumber>> order_;
};

}  // namespace outrider::aggregator
