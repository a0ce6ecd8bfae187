#include "aggregator/core/askers.h"

#include <algorithm>

#include "knowledge/invariant.h"

namespace outrider::aggregator {

bool Askers::may_ask(const ClientId& client, const Digest& question, Instant now) {
  const auto [place, is_new] = askers_.try_emplace(client);
  Asker& asker = place->second;
  const bool repeats = !is_new && asker.question == question && now - asker.asked < limits_.repeat;
  if (repeats && asker.times >= limits_.times) return false;
  const double due = is_new ? 0
                            : static_cast<double>((now - asker.counted).count()) *
                                  static_cast<double>(limits_.bytes_per_second) / 1000;
  asker.bytes = std::max(0.0, asker.bytes - due);
  asker.counted = now;
  if (asker.bytes >= static_cast<double>(limits_.burst_bytes)) return false;
  asker.times = repeats ? asker.times + 1 : 1;
  asker.question = question;
  by_time_.erase({asker.asked, client});
  if (!repeats) asker.asked = now;
  by_time_.insert({asker.asked, client});
  while (askers_.size() > limits_.clients && by_time_.begin()->second != client) {
    askers_.erase(by_time_.begin()->second);
    by_time_.erase(by_time_.begin());
  }
  invariant(by_time_.size() == askers_.size(), "who asks is remembered once");
  return true;
}

void Askers::given(const ClientId& client, std::uint64_t bytes) {
  if (const auto known = askers_.find(client); known != askers_.end())
    known->second.bytes += static_cast<double>(bytes);
}

void Askers::begin(const ClientId& client) {
  if (const auto known = askers_.find(client); known != askers_.end()) known->second.question = {};
}

}  // namespace outrider::aggregator
