// Who answers when it is asked: so that those who never do are asked less and less, and do not make rounds wait.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "knowledge/contribution.h"

namespace outrider::averaging {

// A pure function of the rounds that have ended.
struct Attendance {
  static constexpr std::size_t kMostRemembered = 4096;  // of either kind; of the silent those who come back last
  static constexpr std::uint32_t kMostDoublings = 16;   // of the rounds that somebody is left out
  static constexpr std::uint32_t kMostCaution = 32;

  struct Silence {
    std::uint32_t times = 0;  // in a row
    std::uint64_t until = 0;  // the first round that may ask again
    bool operator==(const Silence&) const = default;
  };

  std::map<ClientId, Silence> silent;  // did not answer when they were asked last
  std::set<ClientId> reliable;         // did
  // How often most of those who are not known to be reliable have failed of late. Each time halves how many of them a
  // round tries; where that is less than one, how often one is tried.
  std::uint32_t caution = 0;

  bool operator==(const Attendance&) const = default;

  // Round `round` asked these, and these of them have answered, be it that they cannot train.
  void ended(std::uint64_t round, const std::set<ClientId>& asked, const std::set<ClientId>& answered);

  // Those of the clients that a round may ask: without those left out, unless fewer than `enough` remained.
  std::vector<ClientId> admitted(std::span<const ClientId> clients, std::size_t enough, std::uint64_t round) const;

  // Whom the round asks of those admitted, in rising order: everybody is as likely, but where caution is called for and
  // there are reliable ones for the minimum, few others. A pure function of its arguments and what is remembered.
  std::vector<ClientId> choose(std::span<const ClientId> admitted, std::size_t count, std::size_t minimum,
                               std::uint64_t seed, std::uint64_t round) const;
};

}  // namespace outrider::averaging
