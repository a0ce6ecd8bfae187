// What the training engine costs: a training step (forward, backward, Adam) and inference of named networks.
//   nn_benchmark --benchmark_format=json
//   OUTRIDER_IMPLEMENTATIONS=1    also prints which oneDNN implementation each primitive got
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benchmarks/step_benchmark.h"
#include "learners/encoders/architectures.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/plan.h"

namespace outrider {
namespace {

struct Case {
  const char* network;
  ImageShape input;
  std::int64_t classes;  // 0: an encoder without a head
  std::size_t batch;
  int threads;

  nn::NetworkSpec spec() const { return architecture(network, input, {.classes = classes}); }
  std::string text() const {
    return std::string(network) + "/" + std::to_string(input.channels) + "x" + std::to_string(input.height) + "x" +
           std::to_string(input.width) + "/batch:" + std::to_string(batch) + "/threads:" + std::to_string(threads);
  }
};

const Case kTrained[] = {{"conv4", {1, 28, 28}, 0, 120, 1},
                         {"conv4", {1, 28, 28}, 0, 120, 2},
                         {"conv4", {3, 84, 84}, 0, 100, 2},
                         {"resnet18-gem", {3, 32, 32}, 100, 64, 2},
                         {"lenet-300-100", {1, 28, 28}, 10, 128, 2}};
const Case kInferred[] = {{"conv4", {1, 28, 28}, 0, 1, 1},           {"conv4", {1, 28, 28}, 0, 120, 1},
                          {"conv4", {1, 28, 28}, 0, 120, 2},         {"conv4", {3, 84, 84}, 0, 100, 2},
                          {"resnet18-gem", {3, 32, 32}, 100, 64, 2}, {"lenet-300-100", {1, 28, 28}, 10, 128, 2}};

void print_implementations(const std::vector<std::string>& names) {
  if (std::getenv("OUTRIDER_IMPLEMENTATIONS") == nullptr) return;
  for (const std::string& name : names) std::printf("  %s\n", name.c_str());
}

void training_step(benchmark::State& state, const Case& c) {
  const auto spec = c.spec();
  nn::TrainingPlan plan(spec, c.batch, c.threads);
  plan.load(nn::Parameters::initial(spec, 1));
  nn::Optimizer optimizer(plan, {.method = nn::Method::kAdam});
  print_implementations(plan.implementations());
  fill(plan.input());
  const std::vector<std::uint32_t> labels(c.batch, 0);
  for (auto _ : state) {
    nn::softmax_cross_entropy(plan.forward(), labels, plan.output_gradient());
    plan.backward();
    optimizer.step(1e-6F);
  }
  state.counters["bytes"] = static_cast<double>(plan.bytes());
}

void inference(benchmark::State& state, const Case& c) {
  const auto spec = c.spec();
  nn::InferencePlan plan(spec, nn::Parameters::initial(spec, 1), c.threads);
  print_implementations(plan.implementations());
  std::vector<float> input(c.batch * spec.input.size());
  std::vector<float> output(c.batch * plan.output_size());
  fill(input);
  for (auto _ : state) {
    plan.forward(input, output);
    benchmark::DoNotOptimize(output.data());
  }
  state.counters["bytes"] = static_cast<double>(plan.bytes());
}

void register_all() {
  for (const Case& c : kTrained) add_benchmark("train/" + c.text(), training_step, c);
  for (const Case& c : kInferred) add_benchmark("infer/" + c.text(), inference, c);
}

}  // namespace
}  // namespace outrider

int main(int count, char** words) {
  return outrider::run_benchmarks(count, words, outrider::register_all);
}
