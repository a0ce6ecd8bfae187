// How many OpenMP threads a piece of work uses.
#pragma once

#include <optional>
#include <string>

namespace outrider::nn {

// Resolves the convention of this library: 0 means one per processor that this process may use, by its affinity and its
// control group's share of processor time. What OpenMP would not give is left out, for example beyond OMP_THREAD_LIMIT:
// oneDNN waits for every thread that it was promised. Throws InputError for a negative number or more than 1024.
int resolve_threads(int threads);

// For people: that OpenMP gives fewer threads than are asked for, as one sentence; nothing if it gives them.
std::optional<std::string> thread_shortage(int threads);

// While it lives, parallel regions that the calling thread opens have this many threads, of those that
// resolve_threads() grants. oneDNN divides work by it, both when a primitive is created and when it runs: the two must
// agree, so that OpenMP may not lower the number by itself (OMP_DYNAMIC).
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
  int dynamic_before_;
};

}  // namespace outrider::nn
