// What is on record of which nothing is merged: contributions that their clients' later ones have replaced, refusals,
// and what was taken back. It is bounded, payloads and records.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "aggregator/core/decision.h"

namespace outrider::aggregator {

struct HistoryLimits {
  // Of superseded payloads; where they take more, or there are more, the oldest are dropped.
  std::uint64_t bytes = kDefaultBytes;
  std::size_t payloads = 250'000;
  // Of the decisions themselves, some 300 bytes each: those that are superseded or take back; and those that refuse.
  std::size_t records = 250'000;
  std::size_t refusals = 10'000;

  static constexpr std::uint64_t kDefaultBytes = 1'000'000'000;
  static constexpr std::uint64_t kUnlimited = UINT64_MAX;  // as bytes: nothing accepted is ever dropped
};

// Not thread-safe.
class History {
 public:
  explicit History(HistoryLimits limits) : limits_(limits) {}

  // An accepted contribution, durable or about to be; a client's in rising sequence.
  void accepted(const Decision& decision);
  // A refusal, likewise.
  void refused(const ClientId& client, SequenceNumber sequence);
  // All that the client said that was accepted is another decision now, or none: tell accepted() of those there are.
  void forget(const ClientId& client);

  // The decisions that went, and so are counted nowhere else.
  struct Gone {
    struct Count {
      std::uint64_t accepted = 0;
      std::uint64_t refused = 0;
    };
    std::map<ClientId, Count> of;
    Revision taken_back{};  // the newest one that took something back: replicas before it may have what it took
  };
  // Drops what is too much, oldest revision first, some at a time: of payloads the decisions stay. What is not durable
  // yet is left for the next time.
  Gone drop_excess(const Store& store, WriteSet& writes);
  bool has_excess() const { return payloads_exceed() || records_exceed() || refusals_exceed(); }

 private:
  struct Current {
    SequenceNumber sequence{};
    Revision revision{};
    std::uint64_t bytes = 0;
    bool withdraws = false;
  };
  using Record = std::tuple<Revision, ClientId, SequenceNumber>;

  bool payloads_exceed() const { return bytes_ > limits_.bytes || superseded_.size() > limits_.payloads; }
  bool records_exceed() const { return records_.size() > limits_.records; }
  bool refusals_exceed() const { return refusals_.size() > limits_.refusals; }
  // Each drops the oldest; false where it is not durable yet.
  bool drop_payload(const Store& store, WriteSet& writes);
  bool drop_record(const Store& store, WriteSet& writes, Gone& gone);
  bool drop_refusal(const Store& store, WriteSet& writes, Gone& gone);
  void forget_payload(const Record& record);

  HistoryLimits limits_;
  std::map<std::pair<ClientId, Topic>, Current> current_;
  std::map<Record, std::uint64_t> superseded_;  // the bytes of those that have a payload
  std::uint64_t bytes_ = 0;
  std::set<Record> records_;  // superseded, or current and taking back
  std::deque<std::pair<ClientId, SequenceNumber>> refusals_;
};

}  // namespace outrider::aggregator
