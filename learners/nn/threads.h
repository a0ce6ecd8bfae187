// How many OpenMP threads a piece of work uses.
#pragma once

namespace outrider::nn {

// Resolves the convention of this library: 0 means one per processor. Throws InputError for a negative number or more
// than 1024.
int resolve_threads(int threads);

// While it lives, parallel regions that the calling thread opens have this many threads. oneDNN divides work by it,
// both when a primitive is created and when it runs: the two must agree.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

}  // namespace outrider::nn
