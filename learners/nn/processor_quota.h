// How much processor time the kernel's control groups leave to this process.
#pragma once

#include <filesystem>
#include <optional>

namespace outrider::nn {

// In whole processors, at least 1: the least of what its control group and those above it are allowed (cgroup v2's
// cpu.max, v1's cpu.cfs_quota_us). Nothing where none says so. `groups` is where they are mounted, and `membership` the
// file that names those of the process.
std::optional<int> processor_quota(const std::filesystem::path& groups = "/sys/fs/cgroup",
                                   const std::filesystem::path& membership = "/proc/self/cgroup");

}  // namespace outrider::nn
