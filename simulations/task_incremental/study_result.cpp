#include "simulations/task_incremental/study_result.h"

#include <algorithm>

#include <fmt/format.h>

namespace outrider::simulations {
namespace {

double average_after(const StudyRun& run, std::size_t learned) {
  double sum = 0;
  for (std::size_t judged = 0; judged <= learned; ++judged) sum += run.accuracies.at(learned, judged).value();
  return sum / static_cast<double>(learned + 1);
}

}  // namespace

std::string StudyResult::label() const {
  return density ? fmt::format("{} at {}", name_of(method), *density) : std::string(name_of(method));
}

std::string StudyResult::label_of(std::uint64_t seed) const {
  return fmt::format("{} with seed {}", label(), seed);
}

Summary StudyResult::accuracy() const {
  return over_seeds([](const StudyRun& run) { return run.accuracies.average_accuracy().value(); });
}

Summary StudyResult::forgetting() const {
  return over_seeds([](const StudyRun& run) { return run.accuracies.forgetting().value(); });
}

Summary StudyResult::accuracy_after(std::size_t learned) const {
  return over_seeds([&](const StudyRun& run) { return average_after(run, learned); });
}

Summary StudyResult::merged_bytes() const {
  return over_seeds([](const StudyRun& run) { return run.merged_bytes_per_task; });
}

Summary StudyResult::sent_bytes() const {
  return over_seeds([](const StudyRun& run) { return run.sent_bytes_per_task; });
}

Summary StudyResult::seconds() const {
  return over_seeds([](const StudyRun& run) { return run.seconds_per_task; });
}

bool StudyResult::has_masks() const {
  return std::ranges::all_of(runs, [](const StudyRun& run) { return run.masks.has_value(); });
}

Summary StudyResult::overlap() const {
  return over_seeds([](const StudyRun& run) { return run.masks->overlap; });
}

Summary StudyResult::owned() const {
  return over_seeds([](const StudyRun& run) { return run.masks->owned; });
}

bool StudyResult::all_late_joiners_exact() const {
  return std::ranges::all_of(runs, [](const StudyRun& run) { return run.masks && run.masks->late_joiner_exact; });
}

bool StudyResult::finds_tasks() const {
  return has_masks() && std::ranges::all_of(runs, [](const StudyRun& run) { return run.masks->found.has_value(); });
}

Summary StudyResult::one_shot() const {
  return over_seeds([](const StudyRun& run) { return run.masks->found->one_shot; });
}

Summary StudyResult::binary_search() const {
  return over_seeds([](const StudyRun& run) { return run.masks->found->binary_search; });
}

}  // namespace outrider::simulations
