#include "simulations/class_incremental/mission_report.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <ostream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "learners/evaluation/summary.h"
#include "simulations/class_incremental/mission_record.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/report/chart.h"
#include "simulations/report/csv.h"
#include "simulations/report/table.h"
#include "simulations/scenario/setting_record.h"

namespace outrider::simulations {
namespace {

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, values.size()));
}

template <typename Result>
std::vector<double> values_of(const std::vector<Result>& results, double Result::*member) {
  std::vector<double> values;
  for (const Result& result : results) values.push_back(result.*member);
  return values;
}

std::string percent(double share) {
  return fmt::format("{:.2f} %", 100 * share);
}

nlohmann::json to_json(const Report& report) {
  nlohmann::json made = mission_of(report);
  Scenario scenario = report.scenario;
  made.erase("confusion_counts");
  made.update({{"outrider", OUTRIDER_VERSION},
               {"scenario", settings_as_json(settings_of(scenario))},
               {"data", {{"source", report.data_source}, {"sha256", report.data_sha256}}},
               {"encoder", {{"id", report.encoder}, {"dimension", report.dimension}}},
               {"pretraining_seconds", report.pretraining_seconds},
               {"processors", std::thread::hardware_concurrency()}});
  if (report.confusion) made["confusion"] = as_json(*report.confusion);
  add_findings(findings_of(report), made);
  return made;
}

void save_csv(const Report& report, const std::filesystem::path& file) {
  CsvFile csv(file, {"classes", "accuracy_before", "accuracy_after", "upper_bound", "fine_tuning", "seconds"});
  for (const StepResult& step : report.steps)
    csv.row({step.classes, mean(step.before), mean(step.after), step.upper_bound,
             step.fine_tuning ? CsvField(*step.fine_tuning) : CsvField(""), step.seconds});
  csv.flush();
}

}  // namespace

Completion Report::completion() const {
  // The base alone is no step.
  const std::size_t steps_done = steps.size() - std::min<std::size_t>(scenario.mission.keep_base ? 1 : 0, steps.size());
  Completion completion;
  completion.done = fmt::format("{}, {} of {} steps done", encoder.empty() ? "no encoder" : "the encoder pre-trained",
                                steps_done, scenario.mission.steps);
  if (encoder.empty()) completion.missing.emplace_back("pre-training");
  for (std::size_t step = steps_done; step < scenario.mission.steps; ++step)
    completion.missing.push_back(fmt::format("step {} of {}", step + 1, scenario.mission.steps));
  const bool tuned = !steps.empty() && steps.back().fine_tuning;
  if (scenario.fine_tuning.epochs > 0 && !tuned) completion.missing.emplace_back("fine-tuning");
  return completion;
}

double Report::mean_after() const {
  return mean(values_of(clients, &ClientResult::after));
}
double Report::mean_before() const {
  return mean(values_of(clients, &ClientResult::before));
}

Chart accuracy_curve(const Report& report) {
  ChartSeries after{"after each rendezvous (mean of the clients)", {}, false};
  ChartSeries before{"each client by itself (mean)", {}, false};
  ChartSeries tuned{"sequential fine-tuning", {}, false};
  ChartSeries bound{"batch prototypes, same encoder", {}, true};
  for (const StepResult& step : report.steps) {
    const auto x = static_cast<double>(step.classes);
    after.points.push_back({x, 100 * mean(step.after), 100 * summarise(step.after).deviation});
    before.points.push_back({x, 100 * mean(step.before), 100 * summarise(step.before).deviation});
    bound.points.push_back({x, 100 * step.upper_bound});
    if (step.fine_tuning) tuned.points.push_back({x, 100 * *step.fine_tuning});
  }
  Chart chart;
  chart.title = report.scenario.title;
  chart.x_label = "classes in the superset";
  chart.y_label = "superset accuracy, %";
  chart.series = {after, bound, before};
  if (!tuned.points.empty()) chart.series.push_back(tuned);
  chart.y_from = 0;
  chart.y_to = 100;
  return chart;
}

Findings findings_of(const Report& report) {
  Findings findings{"mission", report.scenario.name, report.scenario.title, {}, {accuracy_curve(report)}};
  const auto add = [&](const char* name, const char* of, Unit unit, Better better, const std::vector<double>& values) {
    if (!values.empty()) findings.figures.push_back({name, of, unit, better, summarise(values)});
  };
  const auto of_clients = [&](double ClientResult::*member) { return values_of(report.clients, member); };
  add("accuracy", "after merging", Unit::share, Better::higher, of_clients(&ClientResult::after));
  add("accuracy", "before merging", Unit::share, Better::higher, of_clients(&ClientResult::before));
  if (!report.steps.empty()) {
    const StepResult& last = report.steps.back();
    add("accuracy", "upper bound", Unit::share, Better::higher, {last.upper_bound});
    if (last.fine_tuning) add("accuracy", "sequential fine-tuning", Unit::share, Better::higher, {*last.fine_tuning});
  }
  add("bytes per class", "contribution", Unit::bytes, Better::lower,
      of_clients(&ClientResult::payload_bytes_per_class));
  add("bytes per class", "all that is sent", Unit::bytes, Better::lower,
      of_clients(&ClientResult::wire_bytes_per_class));
  add("time", "learning a class", Unit::seconds, Better::lower, of_clients(&ClientResult::seconds_per_class));
  add("time", "until all have caught up", Unit::seconds, Better::lower, values_of(report.steps, &StepResult::seconds));
  if (!report.encoder.empty()) add("time", "pre-training", Unit::seconds, Better::lower, {report.pretraining_seconds});
  if (!report.clients.empty())
    add("largest difference to batch prototypes", "relative", Unit::number, Better::lower, {report.largest_difference});
  return findings;
}

void print_summary(const Report& report, std::ostream& stream) {
  stream << '\n' << report.scenario.title << '\n';
  print_notice(report.completion(), stream);
  if (report.steps.empty()) return;
  const StepResult& last = report.steps.back();
  stream << fmt::format("{} classes, {} clients, {} labelled pictures of each new class, seed {}\n\n", last.classes,
                        report.scenario.mission.clients, report.scenario.mission.shots, report.scenario.seed);
  Table table({"", "classes learned", "before merging", "after merging", "bytes/class", "sent/class", "ms/class"});
  for (const ClientResult& client : report.clients)
    table.row({client.name, std::to_string(client.classes), percent(client.before), percent(client.after),
               fmt::format("{:.0f}", client.payload_bytes_per_class),
               fmt::format("{:.0f}", client.wire_bytes_per_class),
               fmt::format("{:.1f}", 1000 * client.seconds_per_class)});
  table.rule();
  table.row({"mean", "", percent(mean(last.before)), percent(mean(last.after))});
  table.row({"upper bound: all examples at once, same encoder", "", "", percent(last.upper_bound)});
  if (last.fine_tuning) table.row({"lower bound: sequential fine-tuning", "", "", percent(*last.fine_tuning)});
  stream << table;
}

void save(const Report& report, const std::filesystem::path& directory) {
  const nlohmann::json json = to_json(report);
  save_csv(report, directory / "accuracy.csv");
  save_svg(accuracy_curve(report), directory / "accuracy.svg");
  Page page = mission_page(report);
  page.notice = report.completion().notice();
  std::ranges::move(settings_in(json), std::back_inserter(page.facts));
  save_html(page, directory / "report.html");
  save_report(json, report.completion(), directory);
}

}  // namespace outrider::simulations
