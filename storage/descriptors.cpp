#include "storage/descriptors.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include <sys/resource.h>

namespace outrider {
namespace {

constexpr std::size_t kMostTables = 256;
constexpr std::size_t kFewestTables = 20;     // RocksDB takes no fewer
constexpr std::size_t kBesideTables = 12;     // logs, manifests and directories that it writes while it has others open
constexpr std::size_t kMostUseful = 1 << 20;  // more is of no use, and "unlimited" is no number

std::size_t as_number(rlim_t limit) {
  return limit == RLIM_INFINITY ? kMostUseful : static_cast<std::size_t>(std::min<rlim_t>(limit, kMostUseful));
}

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return descriptor_limit();
  const std::size_t reachable = as_number(limit.rlim_max);
  if (as_number(limit.rlim_cur) < reachable) {
    limit.rlim_cur = reachable;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // where that is forbidden, the limit stays and is counted with
  }
  return descriptor_limit();
}

std::size_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? as_number(limit.rlim_cur) : kFewestTables;
}

std::size_t descriptors_in_use() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (error) return kFewestTables;
  // The directory itself is one of them.
  return static_cast<std::size_t>(std::distance(begin(open), end(open))) - 1;
}

int most_open_tables(std::size_t limit) {
  return static_cast<int>(std::clamp(limit / 4, kFewestTables, kMostTables));
}

std::size_t descriptors_of_store(std::size_t limit) {
  return static_cast<std::size_t>(most_open_tables(limit)) + kBesideTables;
}

}  // namespace outrider
