#include "simulations/study_report.h"

#include <algorithm>
#include <ostream>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "simulations/chart.h"
#include "simulations/csv.h"
#include "simulations/run_directory.h"
#include "simulations/table.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;

constexpr const char* kOverlapDefinition =
    "mean over all pairs of tasks of |A and B| / min(|A|, |B|), where A and B are the weights that each uses, of all "
    "layers together";

double average_after(const StudyRun& run, std::size_t learned) {
  double sum = 0;
  for (std::size_t judged = 0; judged <= learned; ++judged) sum += run.accuracies.at(learned, judged).value();
  return sum / static_cast<double>(learned + 1);
}

json mean_and_deviation(const Summary& summary) {
  return {{"mean", summary.mean}, {"deviation", summary.deviation}, {"seeds", summary.count}};
}

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

json json_of(const StudyRun& run) {
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

bool has_masks(const StudyResult& result) {
  return std::ranges::all_of(result.runs, [](const StudyRun& run) { return run.masks.has_value(); });
}

bool finds_tasks(const StudyResult& result) {
  return has_masks(result) &&
         std::ranges::all_of(result.runs, [](const StudyRun& run) { return run.masks->found.has_value(); });
}

Summary overlap_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.masks->overlap; });
}
Summary owned_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.masks->owned; });
}
Summary one_shot_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.masks->found->one_shot; });
}
Summary binary_search_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.masks->found->binary_search; });
}
Summary merged_bytes_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.merged_bytes_per_task; });
}
Summary sent_bytes_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.sent_bytes_per_task; });
}
Summary seconds_of(const StudyResult& result) {
  return result.over_seeds([](const StudyRun& run) { return run.seconds_per_task; });
}

bool all_late_joiners_exact(const StudyResult& result) {
  return std::ranges::all_of(result.runs,
                             [](const StudyRun& run) { return run.masks && run.masks->late_joiner_exact; });
}

json json_of(const StudyResult& result) {
  json made{{"method", name_of(result.method)},
            {"average_accuracy", mean_and_deviation(result.accuracy())},
            {"forgetting", mean_and_deviation(result.forgetting())},
            {"merged_bytes_per_task", mean_and_deviation(merged_bytes_of(result))},
            {"sent_bytes_per_task", mean_and_deviation(sent_bytes_of(result))},
            {"seconds_per_task", mean_and_deviation(seconds_of(result))}};
  if (result.density) made["density"] = *result.density;
  if (has_masks(result)) {
    made["overlap"] = mean_and_deviation(overlap_of(result));
    made["owned"] = mean_and_deviation(owned_of(result));
    made["late_joiner_exact"] = all_late_joiners_exact(result);
  }
  if (finds_tasks(result))
    made["tasks_found"] = {{"one_shot", mean_and_deviation(one_shot_of(result))},
                           {"binary_search", mean_and_deviation(binary_search_of(result))}};
  for (const StudyRun& run : result.runs) made["runs"].push_back(json_of(run));
  return made;
}

json json_of(const Study& study) {
  const Preprocessing& pictures = study.preprocessing;
  json methods = json::array();
  for (const StudyMethod method : study.methods) methods.push_back(name_of(method));
  return {{"name", study.name},
          {"title", study.title},
          {"seeds", study.seeds},
          {"threads", study.threads},
          {"methods", std::move(methods)},
          {"network",
           {{"architecture", study.architecture},
            {"input", fmt::format("{}x{}x{}", pictures.input.channels, pictures.input.height, pictures.input.width)},
            {"invert", pictures.invert},
            {"mean", pictures.mean},
            {"deviation", pictures.deviation}}},
          {"tasks",
           {{"kind", study.tasks.kind == TaskKind::split ? "split" : "permuted"},
            {"count", study.tasks.count},
            {"classes_per_task", study.tasks.classes_per_task},
            {"train_pictures", study.tasks.train_pictures},
            {"test_pictures", study.tasks.test_pictures},
            {"clients", study.tasks.clients}}},
          {"supermask",
           {{"densities", study.supermask.densities},
            {"batch", study.supermask.batch},
            {"mask_epochs", study.supermask.mask_epochs},
            {"mask_rate", study.supermask.mask_rate},
            {"weight_epochs", study.supermask.weight_epochs},
            {"weight_rate", study.supermask.weight_rate}}},
          {"baselines",
           {{"epochs", study.baselines.epochs},
            {"rate", study.baselines.rate},
            {"batch", study.baselines.batch},
            {"ewc_strength", study.baselines.ewc_strength},
            {"ewc_samples", study.baselines.ewc_samples}}}};
}

json json_of(const StudyReport& report) {
  json results = json::array();
  for (const StudyResult& result : report.results) results.push_back(json_of(result));
  return {{"outrider", OUTRIDER_VERSION},
          {"study", json_of(report.study)},
          {"data", {{"source", report.data_source}, {"sha256", report.data_sha256}}},
          {"processors", std::thread::hardware_concurrency()},
          {"dense_bytes", report.dense_bytes},
          {"mask_weights", report.mask_weights},
          {"overlap_is", kOverlapDefinition},
          {"results", std::move(results)}};
}

void save_accuracies(const StudyReport& report, const std::filesystem::path& file) {
  CsvFile csv(file, {"method", "density", "seed", "after_task", "task", "accuracy"});
  for (const StudyResult& result : report.results)
    for (const StudyRun& run : result.runs)
      for (std::size_t learned = 0; learned < run.accuracies.tasks(); ++learned)
        for (std::size_t judged = 0; judged <= learned; ++judged)
          csv.row({name_of(result.method), result.density ? CsvField(*result.density) : CsvField(""), run.seed,
                   learned + 1, judged + 1, run.accuracies.at(learned, judged).value()});
  csv.flush();
}

// A colour for each method, and a stroke for each density: the densest is drawn through.
void choose_line(const Study& study, const StudyResult& result, ChartSeries& series) {
  const auto method = std::ranges::find(study.methods, result.method);
  series.colour = static_cast<std::size_t>(method - study.methods.begin());
  if (!result.density) return;
  const auto denser = std::ranges::count_if(study.supermask.densities, [&](double d) { return d > *result.density; });
  series.dashed = denser == 1;
  series.dotted = denser > 1;
}

void save_study_curve(const StudyReport& report, const std::filesystem::path& file) {
  Chart chart;
  chart.title = report.study.title;
  chart.x_label = "tasks learned";
  chart.y_label = "average accuracy on the tasks so far, %";
  for (const StudyResult& result : report.results) {
    ChartSeries& series = chart.series.emplace_back();
    series.name = result.label();
    choose_line(report.study, result, series);
    for (std::size_t learned = 0; learned < report.study.tasks.count; ++learned) {
      const Summary summary = result.accuracy_after(learned);
      series.points.push_back({static_cast<double>(learned + 1), 100 * summary.mean, 100 * summary.deviation});
    }
  }
  chart.y_to = 100;
  save_svg(chart, file);
}

std::string bytes_text(const Summary& bytes) {
  return fmt::format("{:.0f}", bytes.mean);
}

std::vector<std::string> row_of(const StudyResult& result) {
  const bool masks = has_masks(result);
  const bool found = finds_tasks(result);
  return {std::string(name_of(result.method)),
          result.density ? fmt::format("{}", *result.density) : "",
          to_percent(result.accuracy()),
          to_percent(result.forgetting()),
          bytes_text(merged_bytes_of(result)),
          bytes_text(sent_bytes_of(result)),
          masks ? fmt::format("{:.1f} %", 100 * overlap_of(result).mean) : "",
          masks ? fmt::format("{:.1f} %", 100 * owned_of(result).mean) : "",
          found ? fmt::format("{:.1f} %", 100 * one_shot_of(result).mean) : "",
          found ? fmt::format("{:.1f} %", 100 * binary_search_of(result).mean) : "",
          fmt::format("{:.1f}", seconds_of(result).mean)};
}

}  // namespace

std::string StudyResult::label() const {
  return density ? fmt::format("{} at {}", name_of(method), *density) : std::string(name_of(method));
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

void print_summary(const StudyReport& report, std::ostream& stream) {
  const Study& study = report.study;
  stream << '\n' << study.title << '\n';
  stream << fmt::format("{} tasks, {} clients, {} of {} weights, seeds {}; told the task but for the last columns\n\n",
                        study.tasks.count, study.tasks.clients, study.architecture, report.mask_weights,
                        fmt::join(study.seeds, ", "));
  Table table({"method", "density", "accuracy", "forgetting", "bytes/task", "sent/task", "overlap", "owned", "one-shot",
               "binary", "s/task"});
  for (const StudyResult& result : report.results) table.row(row_of(result));
  stream << table;
  stream << fmt::format("\na dense network has {} bytes of float32; overlap: {}\n", report.dense_bytes,
                        kOverlapDefinition);
  std::size_t masked = 0;
  std::size_t exact = 0;
  for (const StudyResult& result : report.results)
    for (const StudyRun& run : result.runs) {
      masked += run.masks ? 1 : 0;
      exact += run.masks && run.masks->late_joiner_exact ? 1 : 0;
    }
  if (masked > 0)
    stream << fmt::format("in {} of {} runs a client that joined last computes every task bit for bit as its teacher\n",
                          exact, masked);
}

void save(const StudyReport& report, const std::filesystem::path& directory) {
  save_report(json_of(report), directory);
  save_accuracies(report, directory / "accuracies.csv");
  save_study_curve(report, directory / "accuracy.svg");
}

}  // namespace outrider::simulations
