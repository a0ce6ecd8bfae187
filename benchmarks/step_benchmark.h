// What the benchmarks of single steps have in common.
#pragma once

#include <span>
#include <string>

#include <benchmark/benchmark.h>

#include "learners/random.h"

namespace outrider {

inline void fill(std::span<float> values) {
  Random random(1);
  for (float& value : values) value = random.uniform();
}

// In milliseconds of wall time.
template <typename Function, typename... Arguments>
void add_benchmark(const std::string& name, Function function, const Arguments&... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)->Unit(benchmark::kMillisecond)->UseRealTime();
}

// What main() returns: reads the command line, then runs what `add_all` adds.
inline int run_benchmarks(int count, char** words, void (*add_all)()) {
  benchmark::Initialize(&count, words);
  if (benchmark::ReportUnrecognizedArguments(count, words)) return 1;
  add_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace outrider
