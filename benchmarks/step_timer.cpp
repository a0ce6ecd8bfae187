// Times one network, a step at a time, on request: so that a script can alternate it with another engine.
//   step_timer NAME CHANNELS EXTENT CLASSES BATCH THREADS train|infer
// Prints "ready BYTES"; then for every line on standard input runs a step and prints its wall and processor time in ms.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/plan.h"
#include "learners/random.h"

namespace outrider {
namespace {

struct Arguments {
  std::string name;
  ImageShape input;
  std::int64_t classes;
  std::size_t batch;
  int threads;
};

void fill(std::span<float> values) {
  Random random(1);
  for (float& value : values) value = random.normal();
}

double processor_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

void answer(std::size_t bytes, const std::function<void()>& step) {
  for (int i = 0; i < 3; ++i) step();
  std::printf("ready %zu\n", bytes);
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    const double processor = processor_ms();
    step();
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    std::printf("%.4f %.4f\n", wall.count(), processor_ms() - processor);
    std::fflush(stdout);
  }
}

void train(const nn::NetworkSpec& spec, const Arguments& arguments) {
  nn::TrainingPlan plan(spec, arguments.batch, arguments.threads);
  plan.load(nn::Parameters::initial(spec, 1));
  nn::Optimizer optimizer(plan, {.method = nn::Method::kAdam});
  std::vector<float> input(plan.input().size());
  fill(input);
  const std::vector<std::uint32_t> labels(arguments.batch, 0);
  answer(plan.bytes(), [&] {
    nn::softmax_cross_entropy(plan.forward(input), labels, plan.output_gradient());
    plan.backward();
    optimizer.step(1e-6F);
  });
}

void infer(const nn::NetworkSpec& spec, const Arguments& arguments) {
  nn::InferencePlan plan(spec, nn::Parameters::initial(spec, 1), arguments.threads);
  std::vector<float> input(arguments.batch * spec.input.size());
  std::vector<float> output(arguments.batch * plan.output_size());
  fill(input);
  answer(plan.bytes(), [&] { plan.forward(input, output); });
}

int run(int count, char** words) {
  if (count != 8) throw InputError("usage: step_timer NAME CHANNELS EXTENT CLASSES BATCH THREADS train|infer");
  const int extent = std::stoi(words[3]);
  const Arguments arguments{
      words[1], {std::stoi(words[2]), extent, extent}, std::stoll(words[4]), std::stoul(words[5]), std::stoi(words[6])};
  const auto spec = architecture(arguments.name, arguments.input, {.classes = arguments.classes});
  if (std::string_view(words[7]) == "train")
    train(spec, arguments);
  else
    infer(spec, arguments);
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int count, char** words) {
  try {
    return outrider::run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_timer: %s\n", error.what());
    return 1;
  }
}
