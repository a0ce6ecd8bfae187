// How much of what a run was to do its report holds.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace outrider::simulations {

struct Completion {
  std::string done;                  // "3 of 10 seeds done"
  std::vector<std::string> missing;  // as people call it; nothing: the report is whole

  bool whole() const { return missing.empty(); }
  // For people, before all else that a partial report says; empty for a whole one.
  std::string notice() const;
};

void print_notice(const Completion& completion, std::ostream& stream);

}  // namespace outrider::simulations
