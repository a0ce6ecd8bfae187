#include "learners/averaging/attendance.h"

#include <algorithm>
#include <bit>

#include "learners/averaging/sample.h"

namespace outrider::averaging {
namespace {

// How many clients that are not known to be reliable a round of `count` tries.
std::size_t trials_in(std::uint32_t caution, std::size_t count, std::uint64_t round) {
  const auto halvings = static_cast<std::uint32_t>(std::bit_width(count)) - 1;
  if (caution <= halvings) return count >> caution;
  return round % (std::uint64_t{1} << (caution - halvings)) == 0 ? 1 : 0;
}

}  // namespace

void Attendance::ended(std::uint64_t round, const std::set<ClientId>& asked, const std::set<ClientId>& answered) {
  std::size_t tried = 0;
  std::size_t failed = 0;
  for (const ClientId& client : asked) {
    const bool came = answered.contains(client);
    if (!reliable.contains(client)) {
      ++tried;
      failed += came ? 0 : 1;
    }
    if (came) {
      silent.erase(client);
      if (reliable.size() < kMostRemembered) reliable.insert(client);
      continue;
    }
    reliable.erase(client);
    Silence& silence = silent[client];
    silence.times = std::min(silence.times + 1, kMostDoublings);
    silence.until = round + (std::uint64_t{1} << silence.times);
  }
  if (2 * failed > tried) {
    caution = std::min(caution + 1, kMostCaution);
  } else if (tried > 0 && caution > 0) {
    --caution;
  }
  while (silent.size() > kMostRemembered)
    silent.erase(std::ranges::min_element(silent, {}, [](const auto& entry) { return entry.second.until; }));
}

std::vector<ClientId> Attendance::admitted(std::span<const ClientId> clients, std::size_t enough,
                                           std::uint64_t round) const {
  std::vector<ClientId> some;
  std::ranges::copy_if(clients, std::back_inserter(some), [&](const ClientId& client) {
    const auto found = silent.find(client);
    return found == silent.end() || found->second.until <= round;
  });
  return some.size() >= enough ? some : std::vector<ClientId>(clients.begin(), clients.end());
}

std::vector<ClientId> Attendance::choose(std::span<const ClientId> admitted, std::size_t count, std::size_t minimum,
                                         std::uint64_t seed, std::uint64_t round) const {
  std::vector<ClientId> known;
  std::vector<ClientId> untried;
  std::vector<ClientId> others;
  for (const ClientId& client : admitted)
    (reliable.contains(client) ? known : silent.contains(client) ? others : untried).push_back(client);
  if (caution == 0 || known.size() < std::max<std::size_t>(minimum, 1))
    return sample_clients(admitted, count, seed, round);
  const std::size_t trials = trials_in(caution, count, round);
  std::vector<ClientId> chosen = sample_clients(known, count - std::min(trials, count - 1), seed, round);
  std::vector<ClientId> tried = sample_clients(untried, trials, seed, round);
  const std::vector<ClientId> again = sample_clients(others, trials - tried.size(), seed, round);
  chosen.insert(chosen.end(), tried.begin(), tried.end());
  chosen.insert(chosen.end(), again.begin(), again.end());
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace outrider::averaging
