// What conv4 costs: a training step and inference, at the two sizes of the few-shot literature.
//   nn_benchmark                  the figures
//   OUTRIDER_IMPLEMENTATIONS=1    also prints which oneDNN implementation each primitive got
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <benchmark/benchmark.h>

#include "learners/encoders/architectures.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/plan.h"
#include "learners/random.h"

namespace outrider {
namespace {

void print_implementations(const std::vector<std::string>& names) {
  if (std::getenv("OUTRIDER_IMPLEMENTATIONS") == nullptr) return;
  for (const std::string& name : names) std::printf("  %s\n", name.c_str());
}

nn::NetworkSpec conv4(const benchmark::State& state) {
  const auto extent = static_cast<int>(state.range(1));
  return architecture("conv4", {static_cast<int>(state.range(0)), extent, extent});
}

void fill(std::span<float> values) {
  Random random(1);
  for (float& value : values) value = random.uniform();
}

// channels, extent, batch, threads
void BM_TrainingStep(benchmark::State& state) {
  const auto spec = conv4(state);
  nn::TrainingPlan plan(spec, static_cast<std::size_t>(state.range(2)), static_cast<int>(state.range(3)));
  plan.load(nn::Parameters::initial(spec, 1));
  nn::Optimizer optimizer(plan, {.method = nn::Method::kAdam});
  print_implementations(plan.implementations());
  fill(plan.input());
  fill(plan.output_gradient());
  for (auto _ : state) {
    benchmark::DoNotOptimize(plan.forward().data());
    plan.backward();
    optimizer.step(1e-6F);
  }
  state.counters["bytes"] = static_cast<double>(plan.bytes());
}
BENCHMARK(BM_TrainingStep)
    ->Args({1, 28, 120, 1})
    ->Args({1, 28, 120, 2})
    ->Args({3, 84, 100, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_Inference(benchmark::State& state) {
  const auto spec = conv4(state);
  const auto count = static_cast<std::size_t>(state.range(2));
  nn::InferencePlan plan(spec, nn::Parameters::initial(spec, 1), static_cast<int>(state.range(3)));
  print_implementations(plan.implementations());
  std::vector<float> input(count * spec.input.size());
  std::vector<float> output(count * plan.output_size());
  fill(input);
  for (auto _ : state) {
    plan.forward(input, output);
    benchmark::DoNotOptimize(output.data());
  }
  state.counters["bytes"] = static_cast<double>(plan.bytes());
}
BENCHMARK(BM_Inference)
    ->Args({1, 28, 120, 1})
    ->Args({1, 28, 120, 2})
    ->Args({1, 28, 1, 1})
    ->Args({3, 84, 100, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
