#include "learners/nn/processor_quota.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace outrider::nn {
namespace {

namespace fs = std::filesystem;

std::optional<double> number_in(const fs::path& file) {
  double number = 0;
  return std::ifstream(file) >> number ? std::optional(number) : std::nullopt;
}

// What one group is allowed; nothing: as much as there is.
std::optional<double> quota_of(const fs::path& group) {
  double quota = 0;
  double period = 0;
  if (std::ifstream(group / "cpu.max") >> quota >> period && quota > 0 && period > 0) return quota / period;
  const auto old_quota = number_in(group / "cpu.cfs_quota_us");
  const auto old_period = number_in(group / "cpu.cfs_period_us");
  if (old_quota && old_period && *old_quota > 0 && *old_period > 0) return *old_quota / *old_period;
  return std::nullopt;
}

void lower(std::optional<double>& least, const std::optional<double>& other) {
  if (other) least = std::min(least.value_or(*other), *other);
}

}  // namespace

std::optional<int> processor_quota(const fs::path& groups, const fs::path& membership) {
  std::optional<double> least;
  std::ifstream lines(membership);
  for (std::string line; std::getline(lines, line);) {  // ID:CONTROLLERS:PATH; no controllers: v2
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    const fs::path mounted = groups / controllers;
    // Within a container the path may be that outside of it: what is not there says nothing.
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      lower(least, quota_of(mounted / group));
      if (group.empty()) break;
    }
  }
  if (!least) return std::nullopt;
  return std::max(1, static_cast<int>(std::ceil(std::min(*least, 1e6) - 1e-9)));
}

}  // namespace outrider::nn
