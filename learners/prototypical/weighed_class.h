// One class as its teachers say it is, none of them louder than the rules allow.
#pragma once

#include <cstdint>
#include <map>

#include "learners/prototypical/admission.h"
#include "learners/prototypical/exact_class_sum.h"

namespace outrider {

// The exact sum of what the teachers said, in which a teacher of more than `limit` pictures counts as `limit`, with the
// same mean and spread. The limit is most_of_next times the count of the next largest teacher, at least always_counted;
// so only the largest can ever exceed it, and none who is alone. In a base class, unless it is open, the aggregator
// counts whole and the limit of all others is a fifth of its count, at least 1. A pure function of the set of what is
// said, bit for bit; where nobody exceeds the limit it is the plain sum. A call costs work in the dimension, and in the
// number of teachers where the limit moves and somebody exceeds it.
class WeighedClass {
 public:
  // `rules` outlives it.
  WeighedClass(std::size_t dimension, const AdmissionRules& rules) : rules_(&rules), sum_(dimension) {}

  // Replaces what the teacher said before.
  void put(const ClientId& teacher, ClassState state);
  // No-op where it said nothing.
  void erase(const ClientId& teacher);

  bool has(const ClientId& teacher) const { return said_.contains(teacher); }
  std::size_t teachers() const { return said_.size(); }
  // Of the pictures, as they count.
  std::uint64_t count() const { return sum_.count(); }
  // At least one teacher said something. Tells who it is where it is one client alone, unless that
  // is trusted.
  ClassState state() const;

 private:
  static constexpr std::uint64_t kNoLimit = UINT64_MAX;
  static constexpr std::uint64_t kShareOfBase = 5;

  struct Limits {
    std::uint64_t clients = kNoLimit;
    std::uint64_t base_teacher = kNoLimit;
    bool operator==(const Limits&) const = default;
  };
  std::uint64_t limit_of(const ClientId& teacher, const Limits& limits) const {
    return rules_->base_teacher == teacher ? limits.base_teacher : limits.clients;
  }
  void take_out(std::map<ClientId, ClassState>::const_iterator said);
  Limits due_limits() const;
  void weigh_anew();

  const AdmissionRules* rules_;
  ExactClassSum sum_;  // of what is said, each within limits_
  Limits limits_;
  std::map<ClientId, ClassState> said_;
  std::map<std::uint64_t, std::size_t> counts_;  // how many teachers say so many pictures
};

}  // namespace outrider
