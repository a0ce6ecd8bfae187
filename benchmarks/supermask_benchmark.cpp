// What learning a mask costs beside plain training of the same network: a step of each (forward, backward, Adam), and
// switching between tasks.
//   supermask_benchmark --benchmark_format=json
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/step_benchmark.h"
#include "learners/nn/derived_weights.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/supermask/mask_code.h"
#include "learners/supermask/task_network.h"
#include "learners/supermask/training.h"

namespace outrider {
namespace {

struct Case {
  const char* network;
  ImageShape input;
  std::int64_t classes;
  std::size_t batch;
  int threads;

  BaseNetwork base() const {
    BaseNetwork base;
    base.preprocessing.input = input;
    base.network = base_architecture(network, input, classes);
    return base;
  }
  std::string text() const {
    return std::string(network) + "/batch:" + std::to_string(batch) + "/threads:" + std::to_string(threads);
  }
};

const Case kCases[] = {{"lenet-300-100", {1, 28, 28}, 10, 64, 1},
                       {"lenet-300-100", {1, 28, 28}, 10, 64, 2},
                       {"lenet-300-100", {1, 28, 28}, 10, 128, 2},
                       {"resnet18-gem", {3, 32, 32}, 10, 64, 2}};

void plain_step(benchmark::State& state, const Case& c) {
  const BaseNetwork base = c.base();
  nn::TrainingPlan plan(base.network, c.batch, c.threads);
  plan.load(nn::Parameters::initial(base.network, 1));
  nn::Optimizer optimizer(plan, {.method = nn::Method::kAdam});
  fill(plan.input());
  const std::vector<std::uint32_t> labels(c.batch, 0);
  for (auto _ : state) {
    nn::softmax_cross_entropy(plan.forward(), labels, plan.output_gradient());
    plan.backward();
    optimizer.step(1e-6F);
  }
}

// `exclusive`: the second phase, in which the mask stays and weights learn.
void masked_step(benchmark::State& state, const Case& c, bool exclusive) {
  const BaseNetwork base = c.base();
  nn::TrainingPlan plan(base.network, c.batch, c.threads);
  plan.load(nn::Parameters::initial(base.network, 1));
  nn::DerivedPlan derived(plan);
  const auto tensors = base.weight_tensors();
  auto weights = base.weight_values();
  auto scores = random_scores(base, 1);
  std::vector<std::unique_ptr<nn::MaskedWeight>> masks;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    masks.push_back(std::make_unique<nn::MaskedWeight>(tensors[i], weights[i], scores[i],
                                                       nn::kept_count(base.density, tensors[i].size())));
    if (exclusive) masks.back()->learn_weights(std::vector<std::uint8_t>(tensors[i].size(), 1));
    derived.derive(tensors[i].name, *masks.back());
  }
  nn::Optimizer optimizer(derived.trainables(), {.method = nn::Method::kAdam}, c.threads);
  fill(plan.input());
  std::vector<std::uint32_t> labels(c.batch);
  for (std::size_t i = 0; i < c.batch; ++i) labels[i] = static_cast<std::uint32_t>(i % 10);
  for (auto _ : state) {
    nn::softmax_cross_entropy(derived.forward(), labels, plan.output_gradient());
    derived.backward();
    optimizer.step(1e-3F);
  }
}

TaskRecord some_task(const BaseNetwork& base) {
  TaskRecord record;
  record.classes = {"a", "b"};
  record.examples = 1;
  record.place = 1;
  for (const auto& scores : random_scores(base, 2)) {
    LayerMask& layer = record.layers.emplace_back();
    layer.kept.resize(scores.size());
    nn::select_top(scores, nn::kept_count(base.density, scores.size()), layer.kept);
    layer.values.resize(layer.count(), 0.1F);
  }
  for (const auto& tensor : statistics_tensors(base.network))
    record.statistics.resize(record.statistics.size() + tensor.size(), 1);
  return record;
}

void task_switch(benchmark::State& state, const Case& c) {
  const BaseNetwork base = c.base();
  const TaskRecord record = some_task(base);
  TaskNetwork network(base, c.threads);
  for (auto _ : state) network.use(record);
}

void encode_record(benchmark::State& state, const Case& c) {
  const TaskRecord record = some_task(c.base());
  std::size_t bytes = 0;
  for (auto _ : state) bytes = record.encode().size();
  state.counters["bytes"] = static_cast<double>(bytes);
}

void decode_record(benchmark::State& state, const Case& c) {
  const BaseNetwork base = c.base();
  const Bytes bytes = some_task(base).encode();
  for (auto _ : state) benchmark::DoNotOptimize(TaskRecord::decode(bytes, base));
}

void register_all() {
  for (const Case& c : kCases) {
    add_benchmark("plain/" + c.text(), plain_step, c);
    add_benchmark("search/" + c.text(), masked_step, c, false);
    add_benchmark("exclusive/" + c.text(), masked_step, c, true);
  }
  for (const Case& c : {kCases[1], kCases[3]}) {
    add_benchmark("switch/" + c.text(), task_switch, c);
    add_benchmark("encode/" + c.text(), encode_record, c);
    add_benchmark("decode/" + c.text(), decode_record, c);
  }
}

}  // namespace
}  // namespace outrider

int main(int count, char** words) {
  return outrider::run_benchmarks(count, words, outrider::register_all);
}
