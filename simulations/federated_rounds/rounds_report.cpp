#include "simulations/federated_rounds/rounds_report.h"

#include <algorithm>
#include <iterator>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/seeded_runs.h"
#include "simulations/federated_rounds/rounds_record.h"
#include "simulations/federated_rounds/training/federated_training.h"
#include "simulations/report/csv.h"
#include "simulations/report/table.h"
#include "simulations/scenario/setting_record.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;

json json_of(const RoundsResult& result) {
  const Summary accuracy = result.accuracy();
  json made{{"setting", result.setting},
            {"method", result.method},
            {"accuracy", {{"mean", accuracy.mean}, {"deviation", accuracy.deviation}, {"seeds", accuracy.count}}}};
  for (const RoundsRun& run : result.runs) made["runs"].push_back(to_json(run));
  return made;
}

json json_of(const RoundsReport& report) {
  RoundsScenario scenario = report.scenario;
  json results = json::array();
  for (const RoundsResult& result : report.results)
    if (!result.runs.empty()) results.push_back(json_of(result));
  json data = json::object();
  for (std::size_t i = 0; i < report.facts.size(); ++i) {
    const SettingFacts& facts = report.facts[i];
    data[report.scenario.settings[i].name] = {{"source", facts.source},
                                              {"sha256", facts.sha256},
                                              {"train_pictures", facts.train},
                                              {"test_pictures", facts.test},
                                              {"clients_with_pictures", facts.clients},
                                              {"classes_per_client", facts.classes_per_client},
                                              {"weights", facts.weights}};
  }
  json made{{"outrider", OUTRIDER_VERSION},
            {"scenario", settings_as_json(settings_of(scenario))},
            {"data", std::move(data)},
            {"watched", std::string(FederatedTraining::kWatched)},
            {"results", std::move(results)}};
  for (const MergingResult& result : report.merging)
    for (const MergingRun& run : result.runs) made["merging"][result.setting].push_back(to_json(run));
  add_findings(findings_of(report), made);
  return made;
}

void save_rounds_accuracies(const RoundsReport& report, const std::filesystem::path& file) {
  CsvFile csv(file, {"setting", "method", "seed", "round", "accuracy", "loss", "operations"});
  for (const RoundsResult& result : report.results)
    for (const RoundsRun& run : result.runs)
      for (const RoundsPoint& point : run.points)
        csv.row({result.setting, result.method, run.seed, point.round, point.accuracy, point.loss, point.operations});
  csv.flush();
}

// Runs are measured after the same rounds.
ChartSeries series_of(const RoundsResult& result, RoundsAxis axis) {
  ChartSeries series;
  series.name = result.method;
  series.dashed = result.method == kCentral;
  for (std::size_t i = 0; i < result.runs.front().points.size(); ++i) {
    const Summary accuracy = result.over_seeds([&](const RoundsRun& run) { return run.points[i].accuracy; });
    const double x =
        axis == RoundsAxis::rounds
            ? static_cast<double>(result.runs.front().points[i].round)
            : result.over_seeds([&](const RoundsRun& run) { return run.points[i].operations; }).mean / 1e12;
    series.points.push_back({x, 100 * accuracy.mean, 100 * accuracy.deviation});
  }
  return series;
}

std::vector<std::string> row_of(const RoundsReport& report, const RoundsResult& result) {
  const std::optional<Summary> central = report.central_accuracy(result.setting);
  const bool compared = central && result.method != kCentral;
  return {result.setting,
          result.method,
          to_text(Unit::share, result.accuracy()),
          compared ? difference_text(Unit::share, *central, result.accuracy()) : "",
          to_text(Unit::bytes, result.received()),
          to_text(Unit::bytes, result.sent()),
          fmt::format("{:.3g}", result.operations().mean / 1e12),
          to_text(Unit::number, result.weights()),
          fmt::format("{:.1f}", result.seconds().mean)};
}

}  // namespace

Completion RoundsReport::completion() const {
  std::vector<std::string> missing;
  for (const std::uint64_t seed : scenario.seeds)
    for (const RoundsResult& result : results)
      if (!has_seed(result.runs, seed)) missing.push_back(result.label_of(seed));
  for (const std::uint64_t seed : scenario.seeds)
    for (const MergingResult& result : merging)
      if (!has_seed(result.runs, seed)) missing.push_back(result.label_of(seed));
  return {fmt::format("{} of {} runs done", runs(), runs() + missing.size()), std::move(missing)};
}

std::size_t RoundsReport::runs() const {
  std::size_t count = 0;
  for (const RoundsResult& result : results) count += result.runs.size();
  for (const MergingResult& result : merging) count += result.runs.size();
  return count;
}

std::vector<const RoundsResult*> RoundsReport::results_in(const std::string& setting) const {
  std::vector<const RoundsResult*> found;
  for (const RoundsResult& result : results)
    if (result.setting == setting && !result.runs.empty()) found.push_back(&result);
  return found;
}

std::optional<Summary> RoundsReport::central_accuracy(const std::string& setting) const {
  for (const RoundsResult* result : results_in(setting))
    if (result->method == kCentral) return result->accuracy();
  return std::nullopt;
}

void print_summary(const RoundsReport& report, std::ostream& stream) {
  const RoundsScenario& scenario = report.scenario;
  stream << '\n' << scenario.title << '\n';
  print_notice(report.completion(), stream);
  stream << fmt::format("{} rounds, seeds {}; bytes are of a client in a round; 10^12 operations of all training\n\n",
                        scenario.plan.rounds, fmt::join(scenario.seeds, ", "));
  Table table({"setting", "method", "accuracy", "to central", "received", "sent", "Top", "weights", "s"});
  for (const RoundsSetting& setting : scenario.settings) {
    if (&setting != &scenario.settings.front()) table.rule();
    for (const RoundsResult* result : report.results_in(setting.name)) table.row(row_of(report, *result));
  }
  stream << table;
  for (const MergingResult& result : report.merging) {
    if (result.runs.empty()) continue;
    stream << fmt::format("\ntwo clients' networks made one, on {}\n\n", result.setting) << merging_table(result);
  }
}

Chart accuracy_curve(const RoundsReport& report, const RoundsSetting& setting, RoundsAxis axis) {
  Chart chart;
  chart.title = setting.name;
  chart.x_label = axis == RoundsAxis::rounds ? "rounds" : "10^12 operations of training";
  chart.y_label = fmt::format("accuracy on {}, %", setting.name);
  for (const RoundsResult* result : report.results_in(setting.name)) chart.series.push_back(series_of(*result, axis));
  chart.y_to = 100;
  return chart;
}

Findings findings_of(const RoundsReport& report) {
  Findings findings{"rounds", report.scenario.name, report.scenario.title, {}, {}};
  for (const RoundsSetting& setting : report.scenario.settings) {
    findings.curves.push_back(accuracy_curve(report, setting, RoundsAxis::rounds));
    for (const RoundsResult* result : report.results_in(setting.name)) {
      const auto add = [&](const char* name, Unit unit, Better better, const Summary& value) {
        findings.figures.push_back({name, result->label(), unit, better, value});
      };
      add("accuracy", Unit::share, Better::higher, result->accuracy());
      add("received per round", Unit::bytes, Better::lower, result->received());
      add("sent per round", Unit::bytes, Better::lower, result->sent());
      add("operations", Unit::number, Better::lower, result->operations());
      add("time", Unit::seconds, Better::lower, result->seconds());
    }
  }
  for (const MergingResult& result : report.merging)
    for (const MergingFigures& of : figures_of(result))
      findings.figures.push_back(
          {"accuracy of merging", result.setting + ": " + of.way, Unit::share, Better::higher, of.accuracy});
  return findings;
}

void save(const RoundsReport& report, const std::filesystem::path& directory) {
  save_rounds_accuracies(report, directory / "accuracies.csv");
  std::size_t number = 0;
  for (const RoundsSetting& setting : report.scenario.settings)
    save_svg(accuracy_curve(report, setting, RoundsAxis::rounds), directory / fmt::format("accuracy-{}.svg", ++number));
  const json made = json_of(report);
  Page page = rounds_page(report);
  page.notice = report.completion().notice();
  std::ranges::move(settings_in(made), std::back_inserter(page.facts));
  save_html(page, directory / "report.html");
  save_report(made, report.completion(), directory);
}

}  // namespace outrider::simulations
