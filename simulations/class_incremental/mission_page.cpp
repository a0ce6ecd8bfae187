// The page of a mission's report.
#include <algorithm>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "learners/evaluation/summary.h"
#include "simulations/class_incremental/mission_report.h"

namespace outrider::simulations {
namespace {

std::string in_milliseconds(double seconds) {
  return fmt::format("{:.1f} ms", 1000 * seconds);
}

std::string mission_lead(const Report& report) {
  if (report.clients.empty()) return "";
  const MissionPlan& mission = report.scenario.mission;
  const StepResult& last = report.steps.back();
  return fmt::format(
      "{} clients met new classes in {} {}, {} labelled pictures of each, every class at one client alone. After the "
      "last "
      "rendezvous a client tells {} classes apart with {} accuracy; one learner with all the pictures reaches {}.",
      report.clients.size(), mission.steps, mission.steps == 1 ? "step" : "steps", mission.shots, last.classes,
      share_text(report.mean_after()), share_text(last.upper_bound));
}

double mean_over_clients(const Report& report, double ClientResult::*member) {
  double sum = 0;
  for (const ClientResult& client : report.clients) sum += client.*member;
  return sum / static_cast<double>(std::max<std::size_t>(1, report.clients.size()));
}

std::vector<KeyFigure> mission_key_figures(const Report& report) {
  if (report.clients.empty()) return {};
  const StepResult& last = report.steps.back();
  std::vector<KeyFigure> figures{
      {"accuracy after merging", share_text(report.mean_after()), "mean of the clients, all classes"},
      {"accuracy before merging", share_text(report.mean_before()), "each with what it learned itself"},
      {"upper bound", share_text(last.upper_bound), "all examples at once, same encoder"}};
  if (last.fine_tuning) figures.push_back({"lower bound", share_text(*last.fine_tuning), "sequential fine-tuning"});
  figures.push_back({"a class in bytes", grouped(mean_over_clients(report, &ClientResult::payload_bytes_per_class)),
                     fmt::format("{} sent in all, heartbeats included",
                                 grouped(mean_over_clients(report, &ClientResult::wire_bytes_per_class)))});
  figures.push_back({"learning a class", in_milliseconds(mean_over_clients(report, &ClientResult::seconds_per_class)),
                     fmt::format("{} pictures, each {} numbers", report.scenario.mission.shots, report.dimension)});
  return figures;
}

PageTable steps_of(const Report& report) {
  Table table({"classes", "before merging", "after merging", "upper bound", "fine-tuning", "seconds"});
  for (const StepResult& step : report.steps)
    table.row({std::to_string(step.classes), to_percent(summarise(step.before)), to_percent(summarise(step.after)),
               share_text(step.upper_bound), share_text(step.fine_tuning), fmt::format("{:.2f}", step.seconds)});
  return {"After each rendezvous: mean and deviation over the clients", std::move(table), 200, "accuracy.csv"};
}

Chart seconds_curve(const Report& report) {
  Chart chart;
  chart.title = "From new pictures to everybody's having caught up";
  chart.x_label = "classes in the superset";
  chart.y_label = "seconds";
  chart.y_from = 0;
  ChartSeries& series = chart.series.emplace_back();
  series.name = "seconds for a step";
  for (const StepResult& step : report.steps)
    if (step.seconds > 0) series.points.push_back({static_cast<double>(step.classes), step.seconds});
  return chart;
}

PageTable clients_of(const Report& report) {
  Table table(
      {"client", "classes learned", "before merging", "after merging", "bytes/class", "sent/class", "ms/class"});
  for (const ClientResult& client : report.clients)
    table.row({client.name, std::to_string(client.classes), share_text(client.before), share_text(client.after),
               grouped(std::round(client.payload_bytes_per_class)), grouped(std::round(client.wire_bytes_per_class)),
               fmt::format("{:.1f}", 1000 * client.seconds_per_class)});
  return {"At the end; bytes of the contribution alone, and of all that the client sent", std::move(table), 200,
          "report.json"};
}

std::vector<std::pair<std::string, std::string>> mission_facts(const Report& report) {
  return {{"outrider", OUTRIDER_VERSION},
          {"data", report.data_source},
          {"data, SHA-256", report.data_sha256},
          {"encoder", report.encoder},
          {"pre-training", fmt::format("{:.1f} s", report.pretraining_seconds)},
          {"processors", std::to_string(std::thread::hardware_concurrency())},
          {"merged against batch prototypes",
           fmt::format("largest relative difference of a component {:.2g}", report.largest_difference)}};
}

}  // namespace

Page mission_page(const Report& report) {
  Page page;
  page.title = report.scenario.title;
  page.lead = mission_lead(report);
  page.figures = mission_key_figures(report);
  if (!report.steps.empty()) {
    Chart curve = accuracy_curve(report);
    curve.title = "Accuracy over all classes met so far";
    page.section("Accuracy over the mission").add(std::move(curve)).add(steps_of(report));
  }
  if (report.confusion) page.sections.push_back(confusion_section(*report.confusion));
  page.section("Clients").add(clients_of(report));
  const Chart seconds = seconds_curve(report);
  if (seconds.series.front().points.size() > 1) page.section("Time").add(seconds);
  page.facts = mission_facts(report);
  return page;
}

}  // namespace outrider::simulations
