#include "learners/nn/threads.h"

#include <string>

#include <omp.h>

#include "knowledge/error.h"

namespace outrider::nn {

int resolve_threads(int threads) {
  if (threads < 0 || threads > 1024)
    throw InputError("the number of threads is " + std::to_string(threads) + "; expected 0 (all) to 1024");
  return threads == 0 ? omp_get_num_procs() : threads;
}

ThreadScope::ThreadScope(int threads) : before_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}
ThreadScope::~ThreadScope() {
  omp_set_num_threads(before_);
}

}  // namespace outrider::nn
