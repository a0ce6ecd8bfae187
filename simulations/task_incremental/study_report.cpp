#include "simulations/task_incremental/study_report.h"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/seeded_runs.h"
#include "simulations/report/chart.h"
#include "simulations/report/csv.h"
#include "simulations/report/table.h"
#include "simulations/scenario/setting_record.h"
#include "simulations/task_incremental/study_record.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;

constexpr const char* kOverlapDefinition =
    "mean over all pairs of tasks of |A and B| / min(|A|, |B|), where A and B are the weights that each uses, of all "
    "layers together";

json mean_and_deviation(const Summary& summary) {
  return {{"mean", summary.mean}, {"deviation", summary.deviation}, {"seeds", summary.count}};
}

json json_of(const StudyResult& result) {
  json made{{"method", name_of(result.method)},
            {"average_accuracy", mean_and_deviation(result.accuracy())},
            {"forgetting", mean_and_deviation(result.forgetting())},
            {"merged_bytes_per_task", mean_and_deviation(result.merged_bytes())},
            {"sent_bytes_per_task", mean_and_deviation(result.sent_bytes())},
            {"seconds_per_task", mean_and_deviation(result.seconds())}};
  if (result.density) made["density"] = *result.density;
  if (result.has_masks()) {
    made["overlap"] = mean_and_deviation(result.overlap());
    made["owned"] = mean_and_deviation(result.owned());
    made["late_joiner_exact"] = result.all_late_joiners_exact();
  }
  if (result.finds_tasks())
    made["tasks_found"] = {{"one_shot", mean_and_deviation(result.one_shot())},
                           {"binary_search", mean_and_deviation(result.binary_search())}};
  for (const StudyRun& run : result.runs) made["runs"].push_back(to_json(run));
  return made;
}

json json_of(const StudyReport& report) {
  Study study = report.study;
  json results = json::array();
  for (const StudyResult& result : report.results) results.push_back(json_of(result));
  json made{{"outrider", OUTRIDER_VERSION},
            {"scenario", settings_as_json(settings_of(study))},
            {"data", {{"source", report.data_source}, {"sha256", report.data_sha256}}},
            {"processors", std::thread::hardware_concurrency()},
            {"dense_bytes", report.dense_bytes},
            {"mask_weights", report.mask_weights},
            {"overlap_is", kOverlapDefinition},
            {"results", std::move(results)}};
  add_findings(findings_of(report), made);
  return made;
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

std::string bytes_text(const Summary& bytes) {
  return fmt::format("{:.0f}", bytes.mean);
}

std::vector<std::string> row_of(const StudyResult& result) {
  const bool masks = result.has_masks();
  const bool found = result.finds_tasks();
  return {std::string(name_of(result.method)),
          result.density ? fmt::format("{}", *result.density) : "",
          to_percent(result.accuracy()),
          to_percent(result.forgetting()),
          bytes_text(result.merged_bytes()),
          bytes_text(result.sent_bytes()),
          masks ? fmt::format("{:.1f} %", 100 * result.overlap().mean) : "",
          masks ? fmt::format("{:.1f} %", 100 * result.owned().mean) : "",
          found ? fmt::format("{:.1f} %", 100 * result.one_shot().mean) : "",
          found ? fmt::format("{:.1f} %", 100 * result.binary_search().mean) : "",
          fmt::format("{:.1f}", result.seconds().mean)};
}

// Without the results of which nothing is known yet.
StudyReport with_runs(StudyReport report) {
  std::erase_if(report.results, [](const StudyResult& result) { return result.runs.empty(); });
  return report;
}

}  // namespace

Chart accuracy_curve(const StudyReport& report) {
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
  return chart;
}

Findings findings_of(const StudyReport& report) {
  Findings findings{"study", report.study.name, report.study.title, {}, {accuracy_curve(report)}};
  for (const StudyResult& result : report.results) {
    const auto add = [&](const char* name, Unit unit, Better better, const Summary& value) {
      findings.figures.push_back({name, result.label(), unit, better, value});
    };
    add("accuracy", Unit::share, Better::higher, result.accuracy());
    add("forgetting", Unit::share, Better::lower, result.forgetting());
    add("bytes per task", Unit::bytes, Better::lower, result.merged_bytes());
    add("sent per task", Unit::bytes, Better::lower, result.sent_bytes());
    add("time per task", Unit::seconds, Better::lower, result.seconds());
    if (result.has_masks()) {
      add("overlap", Unit::share, Better::neither, result.overlap());
      add("owned", Unit::share, Better::neither, result.owned());
    }
    if (!result.finds_tasks()) continue;
    add("tasks found in one shot", Unit::share, Better::higher, result.one_shot());
    add("tasks found by binary search", Unit::share, Better::higher, result.binary_search());
  }
  return findings;
}

void print_summary(const StudyReport& report, std::ostream& stream) {
  const Study& study = report.study;
  stream << '\n' << study.title << '\n';
  print_notice(report.completion(), stream);
  stream << fmt::format("{} tasks, {} clients, {} of {} weights, seeds {}; told the task but for the last columns\n\n",
                        study.tasks.count, study.tasks.clients, study.architecture, report.mask_weights,
                        fmt::join(study.seeds, ", "));
  Table table({"method", "density", "accuracy", "forgetting", "bytes/task", "sent/task", "overlap", "owned", "one-shot",
               "binary", "s/task"});
  for (const StudyResult& result : with_runs(report).results) table.row(row_of(result));
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

Completion StudyReport::completion() const {
  std::vector<std::string> missing;
  for (const std::uint64_t seed : study.seeds)
    for (const StudyResult& result : results)
      if (!has_seed(result.runs, seed)) missing.push_back(result.label_of(seed));
  std::string done = fmt::format("{} of {} runs done", runs(), runs() + missing.size());
  return {std::move(done), std::move(missing)};
}

std::size_t StudyReport::runs() const {
  std::size_t count = 0;
  for (const StudyResult& result : results) count += result.runs.size();
  return count;
}

void save(const StudyReport& report, const std::filesystem::path& directory) {
  const StudyReport known = with_runs(report);
  save_accuracies(known, directory / "accuracies.csv");
  save_svg(accuracy_curve(known), directory / "accuracy.svg");
  const json made = json_of(known);
  Page page = study_page(known);
  page.notice = report.completion().notice();
  std::ranges::move(settings_in(made), std::back_inserter(page.facts));
  save_html(page, directory / "report.html");
  save_report(made, report.completion(), directory);
}

}  // namespace outrider::simulations
