#include "learners/averaging/task_widths.h"

#include <algorithm>
#include <cassert>
#include <chrono>

#include <fmt/format.h>

#include "learners/nn/plan.h"
#include "learners/training/local_work.h"
#include "learners/training/training_cost.h"

namespace outrider::averaging {
namespace {

training::Workload workload_of(const training::LocalWork& work) {
  constexpr std::size_t kLargestBatch = 4096;  // a client has no more pictures in one than there are
  const std::size_t batch = std::min(work.batch, kLargestBatch);
  const double samples = work.steps > 0 ? static_cast<double>(work.steps) * static_cast<double>(batch)
                                        : static_cast<double>(work.epochs) * TaskWidths::kPictures;
  return {.batch = batch, .threads = 1, .samples = samples};
}

training::Budget budget_of(const Capacity& capacity, double seconds) {
  training::Budget budget;
  if (capacity.memory != Capacity::kUnlimited) budget.bytes = capacity.memory;
  if (capacity.operations != Capacity::kUnlimited) budget.flops = static_cast<double>(capacity.operations) * seconds;
  return budget;
}

}  // namespace

std::string asking(const RoundMemory& round, const Candidates& candidates) {
  std::string text = fmt::format("{} of {} clients", round.asked.size(), candidates.able.size());
  if (!round.narrow.empty()) text += fmt::format(", {} of them for a part of the model", round.narrow.size());
  if (candidates.unable > 0) text += fmt::format("; {} more cannot train it", candidates.unable);
  return text;
}

TaskWidths::TaskWidths(const LearningTask& task, Instant round)
    : predicting_(nn::InferencePlan::planned_bytes(task.network, 1) + sizeof(float) * task.network.parameter_count()),
      seconds_(std::chrono::duration<double>(round).count()) {
  for (const double width : surgery::kWidths) {
    if (width < 1 && !takes_narrow(task.strategy)) break;
    parts_.push_back(
        {width, training::training_cost(surgery::narrow_network(task.network, width), workload_of(task.work))});
  }
  if (!task.work.nested) return;
  for (std::size_t i = 0; i + 1 < parts_.size(); ++i) parts_[i].cost.flops += parts_[i + 1].cost.flops;
}

std::optional<double> TaskWidths::trained_by(const Capacity& capacity) const {
  const training::Budget budget = budget_of(capacity, seconds_);
  for (const Part& part : parts_)
    if (fits(part.cost, budget)) return part.width;
  return std::nullopt;
}

std::optional<double> TaskWidths::sent_to(const Capacity& capacity) const {
  if (const auto trained = trained_by(capacity)) return trained;
  return predicting_ <= capacity.memory ? std::optional<double>(1) : std::nullopt;
}

Capacity TaskWidths::capacity_for(double width) const {
  if (width == 1) return {};
  const auto part = std::ranges::find(parts_, width, &Part::width);
  assert(part != parts_.end());
  return {.memory = part->cost.bytes};
}

Candidates TaskWidths::candidates(std::span<const PresentClient> present) const {
  Candidates candidates;
  for (const PresentClient& client : present) {
    const auto width = trained_by(client.capacity);
    if (!width) {
      ++candidates.unable;
      continue;
    }
    candidates.able.push_back(client.id);
    if (*width < 1) candidates.narrow.emplace(client.id, *width);
  }
  return candidates;
}

std::string TaskWidths::excuse(const Capacity& capacity) const {
  const Part& narrowest = parts_.back();
  const auto whole = [](double number) { return static_cast<std::uint64_t>(number); };
  return fmt::format(
      "a client with a memory of {} and a compute of {} is not asked to train: {} takes {} and, to be done in a round, "
      "{}; {}",
      memory_text(capacity.memory), operations_text(capacity.operations),
      narrowest.width == 1 ? "the model" : fmt::format("even the part of width {}", narrowest.width),
      memory_text(narrowest.cost.bytes), operations_text(whole(narrowest.cost.flops / seconds_)),
      sent_to(capacity) ? "it gets the model to predict with" : "nor can it hold the model to predict with");
}

}  // namespace outrider::averaging
