// The page of a study's report.
#include <algorithm>
#include <cmath>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "simulations/task_incremental/study_report.h"

namespace outrider::simulations {
namespace {

std::string percent_text(const Summary& share) {
  return to_text(Unit::share, share);
}

const StudyResult* most_accurate(const StudyReport& report) {
  const auto best =
      std::ranges::max_element(report.results, {}, [](const StudyResult& result) { return result.accuracy().mean; });
  return best == report.results.end() ? nullptr : &*best;
}

std::string times_smaller(double bytes, double dense) {
  return bytes > 0 ? fmt::format("1/{:.3g}", dense / bytes) : "–";
}

std::string study_lead(const StudyReport& report) {
  const Study& study = report.study;
  std::string text = fmt::format(
      "{} tasks arrive one after the other at {} {}, and one {} is to know them all; {} with {} {}. Accuracies are "
      "those "
      "of a network that is told the task.",
      study.tasks.count, study.tasks.clients, study.tasks.clients == 1 ? "client" : "clients", study.architecture,
      study.methods.size() == 1 ? "one method" : fmt::format("{} methods", study.methods.size()), study.seeds.size(),
      study.seeds.size() == 1 ? "seed" : "seeds");
  return text;
}

// How many runs are of masks, and in how many of them a late joiner has every task bit for bit.
std::pair<std::size_t, std::size_t> late_joiners(const StudyReport& report) {
  std::size_t masked = 0, exact = 0;
  for (const StudyResult& result : report.results)
    for (const StudyRun& run : result.runs) {
      masked += run.masks ? 1 : 0;
      exact += run.masks && run.masks->late_joiner_exact ? 1 : 0;
    }
  return {masked, exact};
}

std::vector<KeyFigure> study_key_figures(const StudyReport& report) {
  std::vector<KeyFigure> figures;
  if (const StudyResult* best = most_accurate(report)) {
    figures.push_back({"best average accuracy", percent_text(best->accuracy()), best->label()});
    figures.push_back({"its forgetting", percent_text(best->forgetting()), best->label()});
    figures.push_back({"its bytes per task", to_text(Unit::bytes, best->merged_bytes()),
                       fmt::format("{} of a dense float32 network",
                                   times_smaller(best->merged_bytes().mean, static_cast<double>(report.dense_bytes)))});
  }
  for (const StudyResult& result : report.results)
    if (!result.density)
      figures.push_back({fmt::format("forgetting by {}", result.label()), percent_text(result.forgetting()),
                         fmt::format("at {} accuracy", percent_text(result.accuracy()))});
  if (const auto [masked, exact] = late_joiners(report); masked > 0)
    figures.push_back({"late joiners bit for bit", fmt::format("{} of {}", exact, masked),
                       "runs whose last client computes as the teachers did"});
  return figures;
}

PageTable study_figures(const StudyReport& report) {
  Table table({"method", "density", "accuracy", "forgetting", "bytes/task", "sent/task", "time/task"});
  for (const StudyResult& result : report.results)
    table.row({std::string(name_of(result.method)), result.density ? fmt::format("{}", *result.density) : "",
               percent_text(result.accuracy()), percent_text(result.forgetting()),
               to_text(Unit::bytes, result.merged_bytes()), to_text(Unit::bytes, result.sent_bytes()),
               to_text(Unit::seconds, result.seconds())});
  return {"After the last task: mean ± standard deviation over the seeds", std::move(table)};
}

PageTable mask_figures(const StudyReport& report) {
  Table table({"method", "density", "overlap", "owned", "found in one shot", "found by binary search"});
  for (const StudyResult& result : report.results) {
    if (!result.has_masks()) continue;
    const bool found = result.finds_tasks();
    table.row({std::string(name_of(result.method)), result.density ? fmt::format("{}", *result.density) : "",
               percent_text(result.overlap()), percent_text(result.owned()),
               found ? percent_text(result.one_shot()) : "–", found ? percent_text(result.binary_search()) : "–"});
  }
  return {"Overlap of two tasks' weights, weights that some task has trained, and tasks found without their names",
          std::move(table)};
}

Bars study_bytes(const StudyReport& report) {
  const auto dense = static_cast<double>(report.dense_bytes);
  Bars bars{"What a client gets from the aggregator for one task, in bytes",
            {{"dense float32", dense, grouped(dense)}}};
  for (const StudyResult& result : report.results)
    if (result.density) {
      const double bytes = result.merged_bytes().mean;
      bars.bars.push_back(
          {result.label(), bytes, fmt::format("{} ({})", grouped(std::round(bytes)), times_smaller(bytes, dense))});
    }
  return bars;
}

double mean_accuracy(const StudyResult& result, std::size_t learned, std::size_t judged) {
  return result.over_seeds([&](const StudyRun& run) { return run.accuracies.at(learned, judged).value(); }).mean;
}

// One scale for all maps: down to the next ten percent below the worst accuracy.
double scale_start(const StudyReport& report) {
  double least = 0.9;
  for (const StudyResult& result : report.results)
    for (std::size_t learned = 0; learned < report.study.tasks.count; ++learned)
      for (std::size_t judged = 0; judged <= learned; ++judged)
        least = std::min(least, mean_accuracy(result, learned, judged));
  return std::floor(least * 10) / 10;
}

HeatMap accuracy_map(const StudyReport& report, const StudyResult& result, double from) {
  HeatMap map;
  map.title = result.label();
  map.row_label = "after learning task";
  map.column_label = "accuracy on task";
  map.scale = 100;
  map.decimals = 1;
  map.unit = "%";
  map.from = from;
  for (std::size_t learned = 0; learned < report.study.tasks.count; ++learned) {
    map.rows.push_back(std::to_string(learned + 1));
    map.columns.push_back(std::to_string(learned + 1));
    auto& values = map.values.emplace_back();
    for (std::size_t judged = 0; judged < report.study.tasks.count; ++judged)
      values.push_back(judged <= learned ? std::optional(mean_accuracy(result, learned, judged)) : std::nullopt);
  }
  return map;
}

void add_forgetting(const StudyReport& report, Page& page) {
  Section& section = page.section("What is left of each task", true);
  section.add(
      Paragraph{"A row for each task learned, a column for each task judged after it, in percent and as the mean over "
                "the seeds. A "
                "column that fades downwards is a task that is being forgotten."});
  const double from = scale_start(report);
  for (const StudyResult& result : report.results) section.add(accuracy_map(report, result, from));
}

std::vector<std::pair<std::string, std::string>> study_facts(const StudyReport& report) {
  return {{"outrider", OUTRIDER_VERSION},
          {"data", report.data_source},
          {"data, SHA-256", report.data_sha256},
          {"weights that masks choose from", grouped(static_cast<double>(report.mask_weights))},
          {"dense network", fmt::format("{} bytes of float32", grouped(static_cast<double>(report.dense_bytes)))},
          {"processors", std::to_string(std::thread::hardware_concurrency())}};
}

}  // namespace

Page study_page(const StudyReport& report) {
  const bool masks = std::ranges::any_of(report.results, [](const StudyResult& result) { return result.has_masks(); });
  Page page;
  page.title = report.study.title;
  page.lead = study_lead(report);
  page.figures = study_key_figures(report);
  Chart curve = accuracy_curve(report);
  curve.title = "Average accuracy on the tasks so far; the band is the deviation over the seeds";
  page.section("Accuracy").add(std::move(curve)).add(study_figures(report));
  add_forgetting(report, page);
  if (masks) page.section("Bytes").add(study_bytes(report));
  if (masks) page.section("Masks").add(mask_figures(report));
  page.facts = study_facts(report);
  return page;
}

}  // namespace outrider::simulations
