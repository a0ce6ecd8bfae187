#include "learners/nn/threads.h"

#include <algorithm>

#include <fmt/format.h>
#include <omp.h>

#include "knowledge/error.h"
#include "learners/nn/processor_quota.h"

namespace outrider::nn {
namespace {

int wanted_threads(int threads) {
  require(threads >= 0 && threads <= 1024,
          fmt::format("the number of threads is {}; expected 0 (all) to 1024", threads));
  return threads == 0 ? std::min(omp_get_num_procs(), processor_quota().value_or(omp_get_num_procs())) : threads;
}

// OpenMP has many settings that lower what is asked for, so it is tried and not computed.
int granted_threads(int wanted) {
  if (wanted == 1) return 1;
  const ThreadScope scope(wanted);
  int granted = 1;
#pragma omp parallel
#pragma omp single
  granted = omp_get_num_threads();
  return granted;
}

}  // namespace

int resolve_threads(int threads) {
  return granted_threads(wanted_threads(threads));
}

std::optional<std::string> thread_shortage(int threads) {
  const int wanted = wanted_threads(threads);
  const int granted = granted_threads(wanted);
  if (granted == wanted) return std::nullopt;
  return fmt::format("OpenMP gives {} of the {} threads that are asked for: see OMP_THREAD_LIMIT and its kind", granted,
                     wanted);
}

ThreadScope::ThreadScope(int threads) : before_(omp_get_max_threads()), dynamic_before_(omp_get_dynamic()) {
  omp_set_dynamic(0);
  omp_set_num_threads(threads);
}
ThreadScope::~ThreadScope() {
  omp_set_num_threads(before_);
  omp_set_dynamic(dynamic_before_);
}

}  // namespace outrider::nn
