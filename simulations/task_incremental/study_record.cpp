#include "simulations/task_incremental/study_record.h"

#include <nlohmann/json.hpp>

namespace outrider::simulations {
namespace {

using nlohmann::json;

// Rows: after which task; columns: which task was judged, of those learned by then.
json matrix_of(const AccuracyMatrix& accuracies) {
  json rows = json::array();
  for (std::size_t learned = 0; learned < accuracies.tasks(); ++learned) {
    json row = json::array();
    for (std::size_t judged = 0; judged <= learned; ++judged) row.push_back(accuracies.at(learned, judged).value());
    rows.push_back(std::move(row));
  }
  return rows;
}

AccuracyMatrix matrix_from(const json& rows) {
  AccuracyMatrix accuracies(rows.size());
  for (std::size_t learned = 0; learned < rows.size(); ++learned)
    for (std::size_t judged = 0; judged <= learned; ++judged)
      accuracies.record(learned, judged, rows.at(learned).at(judged).get<double>());
  return accuracies;
}

}  // namespace

json to_json(const StudyRun& run) {
  json made{{"seed", run.seed},
            {"average_accuracy", run.accuracies.average_accuracy().value()},
            {"forgetting", run.accuracies.forgetting().value()},
            {"accuracies", matrix_of(run.accuracies)},
            {"seconds_per_task", run.seconds_per_task},
            {"merged_bytes_per_task", run.merged_bytes_per_task},
            {"sent_bytes_per_task", run.sent_bytes_per_task}};
  if (run.masks) {
    made["overlap"] = run.masks->overlap;
    made["owned"] = run.masks->owned;
    made["late_joiner_exact"] = run.masks->late_joiner_exact;
    if (run.masks->found)
      made["tasks_found"] = {{"one_shot", run.masks->found->one_shot},
                             {"binary_search", run.masks->found->binary_search}};
  }
  return made;
}

StudyRun study_run_from(const json& kept) {
  StudyRun run{kept.at("seed").get<std::uint64_t>(), matrix_from(kept.at("accuracies"))};
  run.seconds_per_task = kept.at("seconds_per_task").get<double>();
  run.merged_bytes_per_task = kept.at("merged_bytes_per_task").get<double>();
  run.sent_bytes_per_task = kept.at("sent_bytes_per_task").get<double>();
  if (!kept.contains("overlap")) return run;
  MaskFigures& masks = run.masks.emplace();
  masks.overlap = kept.at("overlap").get<double>();
  masks.owned = kept.at("owned").get<double>();
  masks.late_joiner_exact = kept.at("late_joiner_exact").get<bool>();
  if (kept.contains("tasks_found"))
    masks.found = TasksFound{kept.at("tasks_found").at("one_shot").get<double>(),
                             kept.at("tasks_found").at("binary_search").get<double>()};
  return run;
}

}  // namespace outrider::simulations
