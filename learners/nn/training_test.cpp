// Many steps: the loss curve against the reference, repeatability, and that a step allocates nothing of ours.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/plan.h"
#include "learners/nn/reference_network.h"
#include "learners/random.h"

namespace {

// While counting, operator new notes who called it.
std::atomic<bool> g_counting = false;
std::atomic<std::size_t> g_allocations = 0;
void* g_callers[4096];
std::size_t g_sizes[4096];

}  // namespace

// Replaces the global one; oneDNN's calls come here too.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (g_counting) {
    const std::size_t index = g_allocations++;
    if (index < std::size(g_callers)) {
      g_callers[index] = __builtin_return_address(0);
      g_sizes[index] = size;
    }
  }
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace outrider::nn {
namespace {

constexpr const char* kConv4Like =
    "input 1x12x12; conv 12 k3 p1 nobias; batchnorm; relu; maxpool 2; conv 16 k3 p1 nobias; batchnorm; relu; maxpool "
    "2; flatten; linear 4";
// A pre-activation block, one with a projection, and dropout before the head.
constexpr const char* kResidual =
    "input 1x12x12; conv 6 k3 s2 p1 nobias; as a; batchnorm; relu; conv 6 k3 p1 nobias; batchnorm; relu; conv 6 k3 p1 "
    "nobias; add a; as b; conv 10 k3 s2 p1 nobias; batchnorm; relu; conv 10 k3 p1 nobias; batchnorm; as body; from b; "
    "conv 10 k1 s2 nobias; batchnorm; add body; relu; as c; globalmaxpool; as most; from c; globalavgpool; concat "
    "most; "
    "dropout 0.2; linear 4";
constexpr std::size_t kBatch = 8;

constexpr std::uint64_t kDropoutSeed = 17;

struct Batch {
  std::vector<float> input;
  std::vector<std::uint32_t> labels;
};

// Pictures of four classes: noise with one bright quadrant.
Batch make_batch(const NetworkSpec& spec, std::uint64_t round) {
  Random random(11, "batch", 0, round);
  Batch batch{std::vector<float>(kBatch * spec.input.size()), std::vector<std::uint32_t>(kBatch)};
  for (std::size_t n = 0; n < kBatch; ++n) {
    batch.labels[n] = random.below(4);
    for (std::uint32_t y = 0; y < 12; ++y)
      for (std::uint32_t x = 0; x < 12; ++x)
        batch.input[n * 144 + y * 12 + x] = random.normal() + (y / 6 * 2 + x / 6 == batch.labels[n] ? 1.0F : 0.0F);
  }
  return batch;
}

std::vector<double> reference_losses(const NetworkSpec& spec, const Parameters& start, int steps, double rate,
                                     double momentum) {
  ReferenceNetwork network(spec, start, kBatch);
  std::map<std::string, std::vector<double>> velocities;
  std::vector<double> losses;
  for (int step = 0; step < steps; ++step) {
    const Batch batch = make_batch(spec, static_cast<std::uint64_t>(step));
    network.dropout = {kDropoutSeed, 0, static_cast<std::uint64_t>(step)};
    const auto logits = network.forward({batch.input.begin(), batch.input.end()}, true);
    std::vector<double> slope(logits.size());
    double loss = 0;
    for (std::size_t n = 0; n < kBatch; ++n) {
      double sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += std::exp(logits[n * 4 + k]);
      for (std::size_t k = 0; k < 4; ++k)
        slope[n * 4 + k] = (std::exp(logits[n * 4 + k]) / sum - (k == batch.labels[n] ? 1 : 0)) / double{kBatch};
      loss -= std::log(std::exp(logits[n * 4 + batch.labels[n]]) / sum) / double{kBatch};
    }
    losses.push_back(loss);
    network.backward(slope);
    for (auto& [name, gradient] : network.gradients) {
      auto& velocity = velocities[name];
      velocity.resize(gradient.size());
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        velocity[i] = momentum * velocity[i] + gradient[i];
        network.values[name][i] -= rate * velocity[i];
      }
    }
  }
  return losses;
}

struct Trajectory {
  std::vector<double> losses;
  Parameters parameters;
};

Trajectory train(const char* network, const OptimizerOptions& options, float rate, int steps, int threads) {
  const auto spec = parse_network(network);
  TrainingPlan plan(spec, kBatch, threads);
  plan.load(Parameters::initial(spec, 7));
  plan.set_dropout_key({.seed = kDropoutSeed});
  Optimizer optimizer(plan, options);
  Trajectory run;
  for (int step = 0; step < steps; ++step) {
    const Batch batch = make_batch(spec, static_cast<std::uint64_t>(step));
    run.losses.push_back(softmax_cross_entropy(plan.forward(batch.input), batch.labels, plan.output_gradient()));
    plan.backward();
    optimizer.step(rate);
  }
  run.parameters = plan.parameters();
  return run;
}

// Floats round each operation by up to 6e-8 of its result, sums of a few hundred terms by a little more, and steps pass
// on what earlier ones were off by. With AVX-512 the curves part by 3.4e-7 at most in 50 steps; 1e-5 leaves room for
// other vector widths, whose sums have another order. Errors of the method are far larger: a momentum of 0.9001 instead
// of 0.9 shows as more than 1e-4.
TEST(Training, FiftyStepsFollowTheReference) {
  constexpr double kRounding = 1e-5;
  for (const char* network : {kConv4Like, kResidual}) {
    const auto spec = parse_network(network);
    const auto expected = reference_losses(spec, Parameters::initial(spec, 7), 50, 0.02, 0.9);
    const auto found = train(network, {.momentum = 0.9F}, 0.02F, 50, 1).losses;
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(found[i], expected[i], kRounding * (1 + expected[i])) << network << " step " << i;
    EXPECT_LT(expected.back(), 0.5 * expected.front());
  }
}

TEST(Training, SameSeedAndThreadsSameBits) {
  for (const int threads : {1, 2}) {
    const Trajectory a = train(kResidual, {.method = Method::kAdam}, 0.01F, 5, threads);
    const Trajectory b = train(kResidual, {.method = Method::kAdam}, 0.01F, 5, threads);
    EXPECT_EQ(a.losses, b.losses) << threads;
    EXPECT_EQ(a.parameters, b.parameters) << threads;
  }
}

TEST(Training, AThreadCountThatTheMachineMayLackWorks) {
  const Trajectory run = train(kConv4Like, {.method = Method::kAdamW, .weight_decay = 0.01F}, 0.01F, 2, 3);
  const Trajectory again = train(kConv4Like, {.method = Method::kAdamW, .weight_decay = 0.01F}, 0.01F, 2, 3);
  EXPECT_EQ(run.losses, again.losses);
  EXPECT_EQ(run.parameters, again.parameters);
}

TEST(Training, AStepAllocatesOnlyOneDnnsArgumentTables) {
  const auto spec = parse_network(kResidual);
  TrainingPlan plan(spec, kBatch, 2);
  plan.load(Parameters::initial(spec, 7));
  Optimizer optimizer(plan, {.method = Method::kAdam, .gradient_norm = 1});
  const Batch batch = make_batch(spec, 0);
  const auto step = [&] {
    std::ranges::copy(batch.input, plan.input().begin());
    const auto logits = plan.forward();
    softmax_cross_entropy(logits, batch.labels, plan.output_gradient());
    plan.backward();
    optimizer.step(0.01F);
  };
  step();
  step();
  g_allocations = 0;
  g_counting = true;
  step();
  g_counting = false;
  const std::size_t count = g_allocations;
  ASSERT_LE(count, std::size(g_callers));
  for (std::size_t i = 0; i < count; ++i) {
    Dl_info caller{};
    ASSERT_NE(dladdr(g_callers[i], &caller), 0);
    EXPECT_NE(std::strstr(caller.dli_fname, "libdnnl"), nullptr) << g_sizes[i] << " bytes for " << caller.dli_fname;
    EXPECT_LE(g_sizes[i], 1024U);
  }
}

TEST(Training, StatesItsBytesBeforeAllocating) {
  const auto spec = parse_network(kConv4Like);
  for (const int threads : {1, 2}) {
    const TrainingPlan plan(spec, kBatch, threads);
    EXPECT_EQ(plan.bytes(), TrainingPlan::planned_bytes(spec, kBatch, threads));
    EXPECT_GT(plan.bytes(), kBatch * 12 * 144 * sizeof(float));
  }
}

TEST(Training, KeepsToItsBudget) {
  const auto spec = parse_network(kConv4Like);
  const std::size_t needed = TrainingPlan::planned_bytes(spec, kBatch, 1);
  EXPECT_NO_THROW(const TrainingPlan plan(spec, kBatch, 1, {.budget = {needed, "conv4"}}));
  try {
    const TrainingPlan plan(spec, kBatch, 1, {.budget = {needed - 1, "conv4"}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), "training conv4 with batches of 8 needs " + std::to_string(needed) +
                                             " bytes of memory; " + std::to_string(needed - 1) + " are allowed");
  }
}

TEST(Training, ValuesAndGradientsTravelPlain) {
  const auto spec = parse_network("input 3x6x6; conv 20 k3; linear 3");
  const Parameters start = Parameters::initial(spec, 1);
  TrainingPlan plan(spec, 2, 2);
  plan.load(Parameters::initial(spec, 2));
  for (std::size_t i = 0; i < 4; ++i) plan.set_value(i, start.tensors[i].values);
  EXPECT_EQ(plan.parameters(), start);
  plan.forward(std::vector<float>(216, 0.5F));
  plan.backward(std::vector<float>{1, 2, 3, 4, 5, 6});
  const Parameters gradients = plan.gradients();
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<float> gradient(start.tensors[i].values.size());
    plan.copy_gradient(i, gradient);
    EXPECT_EQ(gradient, gradients.tensors[i].values);
  }
}

TEST(Training, AMovedPlanKeepsItsOptimizer) {
  const auto spec = parse_network("input 3x1x1; linear 2");
  TrainingPlan first(spec, 1, 1);
  first.load(Parameters::initial(spec, 1));
  Optimizer optimizer(first, {});
  TrainingPlan plan = std::move(first);
  const Parameters before = plan.parameters();
  plan.forward(std::vector<float>{1, 2, 3});
  plan.backward(std::vector<float>{1, 0});
  optimizer.step(0.5F);
  EXPECT_EQ(plan.parameters().at("0.weight").values[2], before.at("0.weight").values[2] - 1.5F);
  EXPECT_EQ(plan.parameters().at("0.weight").values[3], before.at("0.weight").values[3]);
  EXPECT_EQ(plan.parameters().at("0.bias").values, (std::vector<float>{-0.5F, 0}));
}

TEST(Training, RefusesAnEmptyBatchAndForeignParameters) {
  const auto spec = parse_network("input 3x1x1; linear 2");
  EXPECT_THROW(TrainingPlan(spec, 0, 1), InputError);
  EXPECT_THROW(TrainingPlan(spec, 1, -1), InputError);
  TrainingPlan plan(spec, 1, 1);
  EXPECT_THROW(plan.load(Parameters::initial(parse_network("input 3x1x1; linear 3"), 1)), InputError);
}

}  // namespace
}  // namespace outrider::nn
