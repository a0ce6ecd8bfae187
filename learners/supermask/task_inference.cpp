#include "learners/supermask/task_inference.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/encoders/embedder.h"
#include "learners/supermask/task_mixture.h"

namespace outrider {
namespace {

const NamedTasks& checked_tasks(const BaseNetwork& base, const NamedTasks& tasks) {
  if (tasks.empty()) throw InputError("there is no task that pictures could belong to");
  for (const auto& [name, record] : tasks) record.check(base, "the task '" + name + "'");
  return tasks;
}

// Equal ones for the candidates, 0 for the others.
std::vector<double> even_shares(std::span<const std::size_t> candidates, std::size_t tasks) {
  std::vector<double> shares(tasks);
  for (const std::size_t task : candidates) shares[task] = 1.0 / static_cast<double>(candidates.size());
  return shares;
}

}  // namespace

struct TaskInference::State {
  State(const BaseNetwork& base, const NamedTasks& tasks, std::size_t batch, int threads)
      : shape(base.preprocessing.input),
        pixels(pixel_values(base.preprocessing)),
        mixture(base, checked_tasks(base, tasks), batch, threads) {}

  // Puts the tasks first under whose larger share the entropy falls most.
  void rank(std::span<std::size_t> candidates) {
    mixture.entropy(even_shares(candidates, mixture.tasks()));
    std::vector<double> slopes = mixture.slopes();
    for (double& slope : slopes)  // weights from peers are finite, but what they make of a picture need not be
      if (std::isnan(slope)) slope = std::numeric_limits<double>::infinity();
    std::ranges::sort(candidates, {}, [&](std::size_t task) { return std::pair(slopes[task], task); });
  }

  ImageShape shape;
  std::array<float, 256> pixels;
  TaskMixture mixture;
};

TaskInference::TaskInference(const BaseNetwork& base, const NamedTasks& tasks, std::size_t batch, int threads)
    : state_(std::make_unique<State>(base, tasks, batch, threads)) {}

TaskInference::~TaskInference() = default;

std::size_t TaskInference::infer(const Dataset& pictures, std::span<const std::size_t> indices,
                                 TaskInferenceMethod method) {
  TaskMixture& mixture = state_->mixture;
  assert(indices.size() == mixture.batch());
  if (pictures.shape != state_->shape)
    throw InputError(fmt::format("the pictures are {}x{}x{}; the base network takes {}x{}x{}", pictures.shape.channels,
                                 pictures.shape.height, pictures.shape.width, state_->shape.channels,
                                 state_->shape.height, state_->shape.width));
  const std::size_t size = state_->shape.size();
  for (std::size_t i = 0; i < indices.size(); ++i)
    preprocess(pictures.image(indices[i]), state_->pixels, mixture.input().subspan(i * size, size));

  std::vector<std::size_t> candidates(mixture.tasks());
  std::iota(candidates.begin(), candidates.end(), std::size_t{0});
  while (candidates.size() > 1) {
    state_->rank(candidates);
    candidates.resize(method == TaskInferenceMethod::one_shot ? 1 : (candidates.size() + 1) / 2);
  }
  return candidates.front();
}

}  // namespace outrider
