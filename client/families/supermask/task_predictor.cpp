#include "client/families/supermask/task_predictor.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/core/core.h"
#include "client/families/supermask/known_tasks.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "learners/data/resize.h"

namespace outrider::client {
namespace {

std::string names_of(const NamedTasks& tasks) {
  std::string names;
  for (const auto& [name, record] : tasks) names += (names.empty() ? "" : ", ") + utf8::quoted(name);
  return names;
}

}  // namespace

TaskPredictor::TaskPredictor(const Store& store, const std::optional<std::string>& task, bool infer, int threads)
    : base_(load_base(store)),
      tasks_(known_tasks(store, stored_definition_id(store), base_)),
      network_(base_, threads) {
  require(!tasks_.empty(),
          "this client knows no task yet: put pictures into its data folder as TASK/CLASS/PICTURE, or let it meet an "
          "aggregator that knows some");
  if (task) {
    const auto found = std::ranges::find(tasks_, *task, [](const auto& entry) { return entry.first; });
    require(found != tasks_.end(),
            fmt::format("the task {} is not known; known: {}", utf8::quoted(*task), names_of(tasks_)));
    switch_to(static_cast<std::size_t>(found - tasks_.begin()));
  } else if (tasks_.size() == 1) {
    switch_to(0);
  } else {
    require(infer,
            fmt::format("it knows several tasks, {}: say with --task which one the pictures belong to, or let it "
                        "be guessed with --infer-task",
                        names_of(tasks_)));
    require(statistics_tensors(base_.network).empty(),
            fmt::format("the base network has batch norm, so the task of a single picture cannot be inferred: name it "
                        "with --task; known: {}",
                        names_of(tasks_)));
    inference_ = std::make_unique<TaskInference>(base_, tasks_, 1, threads);
  }
}

void TaskPredictor::switch_to(std::size_t task) {
  if (current_ == task) return;
  network_.use(tasks_[task].second);
  current_ = task;
}

TaskAnswer TaskPredictor::predict(const Image& picture) {
  const Image resized = resize(picture, base_.preprocessing.input);
  const Dataset one{resized.shape, resized.pixels, {0}, {}, {}, {}};
  constexpr std::size_t kOnly = 0;
  if (inference_) switch_to(inference_->infer(one, {&kOnly, 1}, TaskInferenceMethod::one_shot));
  const auto& [name, record] = tasks_[*current_];
  const std::vector<float> logits = network_.logits(one);
  return {likely_classes(std::span(logits).first(record.classes.size()), record.classes), name};
}

}  // namespace outrider::client
