#include "learners/prototypical/weighed_class.h"

#include <algorithm>
#include <utility>

#include "knowledge/digest.h"

namespace outrider {
namespace {

ClassState weighed(const ClassState& state, std::uint64_t limit) {
  if (state.count <= limit) return state;
  ClassState less{limit, state.sum, state.deviations};
  const auto most = static_cast<double>(limit);
  const auto count = static_cast<double>(state.count);
  const auto shrink = [&](float& component) {
    component = static_cast<float>(static_cast<double>(component) * most / count);
  };
  std::ranges::for_each(less.sum, shrink);
  std::ranges::for_each(less.deviations, shrink);
  return less;
}

// Never 0. It tells which classes are one client's, which whoever has their states is to know.
std::uint64_t pseudonym(const ClientId& client, const Digest& salt) {
  const Digest digest = Hasher().field("sole teacher").field(salt.view()).field(client.view()).finish();
  std::uint64_t pseudonym = 1;
  for (std::size_t i = 0; i < sizeof pseudonym; ++i) pseudonym |= std::uint64_t{digest.bytes[i]} << (8 * i);
  return pseudonym;
}

std::uint64_t times(std::uint64_t count, std::uint64_t factor) {
  return factor != 0 && count > UINT64_MAX / factor ? UINT64_MAX : count * factor;
}

}  // namespace

ClassState WeighedClass::state() const {
  ClassState state = sum_.state();
  if (!rules_->trust_alone && said_.size() == 1 && said_.begin()->first != rules_->base_teacher)
    state.sole_teacher = pseudonym(said_.begin()->first, rules_->pseudonyms);
  return state;
}

void WeighedClass::put(const ClientId& teacher, ClassState state) {
  if (const auto before = said_.find(teacher); before != said_.end()) take_out(before);
  ++counts_[state.count];
  sum_.add(weighed(state, limit_of(teacher, limits_)));
  said_.emplace(teacher, std::move(state));
  weigh_anew();
}

void WeighedClass::erase(const ClientId& teacher) {
  const auto said = said_.find(teacher);
  if (said == said_.end()) return;
  take_out(said);
  weigh_anew();
}

void WeighedClass::take_out(std::map<ClientId, ClassState>::const_iterator said) {
  const auto& [teacher, state] = *said;
  sum_.subtract(weighed(state, limit_of(teacher, limits_)));
  const auto alike = counts_.find(state.count);
  if (--alike->second == 0) counts_.erase(alike);
  said_.erase(said);
}

WeighedClass::Limits WeighedClass::due_limits() const {
  if (rules_->base_teacher && !rules_->open_base)
    if (const auto base = said_.find(*rules_->base_teacher); base != said_.end())
      return {std::max<std::uint64_t>(1, base->second.count / kShareOfBase), kNoLimit};
  if (said_.size() < 2) return {};
  auto largest = counts_.rbegin();
  if (largest->second > 1) return {};  // several are the largest: none is louder than the next
  const std::uint64_t limit = std::max(rules_->always_counted, times(std::next(largest)->first, rules_->most_of_next));
  return largest->first > limit ? Limits{limit, limit} : Limits{};
}

void WeighedClass::weigh_anew() {
  const Limits due = due_limits();
  if (due == limits_) return;
  for (const auto& [teacher, state] : said_) {
    const std::uint64_t before = std::min(state.count, limit_of(teacher, limits_));
    const std::uint64_t after = std::min(state.count, limit_of(teacher, due));
    if (before == after) continue;
    sum_.subtract(weighed(state, before));
    sum_.add(weighed(state, after));
  }
  limits_ = due;
}

}  // namespace outrider
