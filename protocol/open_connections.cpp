#include "protocol/open_connections.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace outrider::protocol {
namespace {

constexpr std::size_t kNewcomersShare = 8;  // one in so many connections is for those who have said nothing yet
constexpr std::size_t kBatchShare = 64;     // choosing costs a look at all of them, so a few are chosen at once

}  // namespace

OpenConnections::OpenConnections(std::size_t most) : most_(most) {
  assert(most > 0);
}

void OpenConnections::accepted(int descriptor, std::string host) {
  closed(descriptor);  // it cannot be open twice: its end was overlooked
  const bool proven = early_.erase(descriptor) > 0;
  Connection& connection = open_[descriptor];
  connection.host = std::move(host);
  connection.proven = connection.greeted = proven;
  connection.heard = ++time_;
  if (proven) return;
  ++unproven_;
  greeting_.insert(descriptor);
}

void OpenConnections::closed(int descriptor) {
  const auto it = open_.find(descriptor);
  if (it == open_.end()) return;
  if (it->second.leaving) {
    --leaving_;
  } else if (!it->second.proven) {
    --unproven_;
  }
  open_.erase(it);
  greeting_.erase(descriptor);
}

void OpenConnections::heard(int descriptor, std::uint64_t bytes, bool makes_sense) {
  const auto it = open_.find(descriptor);
  if (it == open_.end()) {
    if (makes_sense) early_.insert(descriptor);
    return;
  }
  Connection& connection = it->second;
  connection.taken += bytes;
  connection.took = true;
  connection.swollen = 0;
  greeted(descriptor);
  if (!makes_sense) return;
  connection.heard = ++time_;
  if (!connection.proven && !connection.leaving) --unproven_;
  connection.proven = true;
}

void OpenConnections::greeted(int descriptor) {
  if (greeting_.erase(descriptor) > 0) open_.at(descriptor).greeted = true;
}

void OpenConnections::leaves(int descriptor) {
  const auto it = open_.find(descriptor);
  if (it == open_.end() || it->second.leaving) return;
  it->second.leaving = true;
  ++leaving_;
  greeting_.erase(descriptor);
  if (!it->second.proven) --unproven_;
}

std::vector<int> OpenConnections::make_room() {
  const std::size_t staying = open_.size() - leaving_;
  return staying == 0 ? std::vector<int>{} : most_leave(staying - 1);
}

std::vector<int> OpenConnections::most_leave(std::size_t most) {
  std::vector<int> named;
  const std::size_t staying = open_.size() - leaving_;
  if (staying <= most) return named;
  const std::size_t count = std::min(staying, staying - most + staying / kBatchShare);
  const std::size_t newcomers = std::max<std::size_t>(1, most / kNewcomersShare);
  const std::size_t of_unproven = unproven_ > newcomers ? std::min(count, unproven_ - newcomers) : 0;
  name_from(false, of_unproven, named);
  name_from(true, count - named.size(), named);
  name_from(false, count - named.size(), named);
  for (const int descriptor : named) leaves(descriptor);
  return named;
}

void OpenConnections::name_from(bool proven, std::size_t count, std::vector<int>& named) {
  if (count == 0) return;
  using Aged = std::pair<std::uint64_t, int>;  // when heard, descriptor
  std::map<std::string_view, std::vector<Aged>> by_host;
  for (const auto& [descriptor, connection] : open_)
    if (connection.proven == proven && !connection.leaving && std::ranges::find(named, descriptor) == named.end())
      by_host[connection.host].emplace_back(connection.heard, descriptor);
  std::set<std::pair<std::size_t, std::string_view>> by_size;
  for (auto& [host, aged] : by_host) {
    std::ranges::sort(aged, std::greater<>());  // who was heard of longest ago stands last
    by_size.emplace(aged.size(), host);
  }
  for (; count > 0 && !by_size.empty(); --count) {
    const auto [size, host] = *by_size.rbegin();
    by_size.erase(std::prev(by_size.end()));
    std::vector<Aged>& aged = by_host.at(host);
    named.push_back(aged.back().second);
    aged.pop_back();
    if (size > 1) by_size.emplace(size - 1, host);
  }
}

const OpenConnections::Connection* OpenConnections::find(int descriptor) const {
  const auto it = open_.find(descriptor);
  return it == open_.end() ? nullptr : &it->second;
}

}  // namespace outrider::protocol
