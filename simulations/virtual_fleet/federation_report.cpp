#include "simulations/virtual_fleet/federation_report.h"

#include <algorithm>
#include <functional>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/report/chart.h"
#include "simulations/report/csv.h"
#include "simulations/report/table.h"
#include "simulations/scenario/setting_record.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;

using StepFigure = std::optional<double> FederationStep::*;

struct NamedFigure {
  FederationMethod method;
  StepFigure figure;
};

constexpr NamedFigure kMethodFigures[] = {{FederationMethod::federated, &FederationStep::federated},
                                          {FederationMethod::alone, &FederationStep::alone},
                                          {FederationMethod::central, &FederationStep::central}};

StepFigure figure_of(FederationMethod method) {
  return std::ranges::find(kMethodFigures, method, &NamedFigure::method)->figure;
}

// Over the seeds.
Summary over_runs(const FederationReport& report, const std::function<double(const FederationRun&)>& figure) {
  std::vector<double> values;
  for (const FederationRun& run : report.runs) values.push_back(figure(run));
  return summarise(values);
}

Summary at_step(const FederationReport& report, std::size_t step, FederationMethod method) {
  return over_runs(report, [&](const FederationRun& run) { return (run.steps[step].*figure_of(method)).value_or(0); });
}

json json_of_step(const FederationStep& step) {
  return {{"classes", step.classes},
          {"federated", number_or_null(step.federated)},
          {"alone", number_or_null(step.alone)},
          {"central", number_or_null(step.central)},
          {"bytes", step.bytes},
          {"contributions", step.contributions},
          {"seconds", step.seconds}};
}

json json_of_groups(const FederationRun& run) {
  json rows = json::array();
  const std::size_t groups = run.groups ? run.groups->tasks() : 0;
  for (std::size_t learned = 0; learned < groups; ++learned) {
    json row = json::array();
    for (std::size_t judged = 0; judged < groups; ++judged)
      row.push_back(number_or_null(run.groups->at(learned, judged)));
    rows.push_back(std::move(row));
  }
  return {{"classes", run.group_classes},
          {"accuracy", std::move(rows)},
          {"forgetting", run.groups ? number_or_null(run.groups->forgetting()) : json()}};
}

json json_of_run(const FederationRun& run) {
  json steps = json::array();
  for (const FederationStep& step : run.steps) steps.push_back(json_of_step(step));
  const WorldSummary& world = run.world;
  json made{{"seed", run.seed},
            {"steps", std::move(steps)},
            {"groups", json_of_groups(run)},
            {"confusion", run.confusion ? as_json(*run.confusion) : json::object()},
            {"revision", number(world.revision)},
            {"knowledge", world.learned.hex()},
            {"accepted", world.accepted},
            {"events", world.events},
            {"messages_lost", world.lost},
            {"client_crashes", world.client_crashes()},
            {"aggregator",
             {{"crashes", world.aggregator.crashes},
              {"torn_writes", world.aggregator.torn_writes},
              {"full_disks", world.aggregator.refused_commits},
              {"malformed", world.aggregator.malformed},
              {"refused", world.aggregator.refused},
              {"missed", world.aggregator.missed}}},
            {"seconds", run.seconds},
            {"bytes_per_resting_client", run.bytes_per_resting_client}};
  if (run.processes)
    made["processes"] = {{"clients", run.processes->clients},
                         {"clients_killed", run.processes->clients_killed},
                         {"aggregator_killed", run.processes->aggregator_killed},
                         {"knowledge", run.processes->knowledge.hex()},
                         {"seconds", run.processes->seconds}};
  return made;
}

std::string sentence_on(const ProcessRun& processes) {
  return fmt::format(
      "{} real clients and an aggregator, {} and {} times killed, came to the same knowledge, bit for bit",
      processes.clients, processes.clients_killed, processes.aggregator_killed);
}

json report_of(const FederationReport& report) {
  json runs = json::array();
  for (const FederationRun& run : report.runs) runs.push_back(json_of_run(run));
  Federation federation = report.federation;
  return {{"outrider", OUTRIDER_VERSION},
          {"scenario", settings_as_json(settings_of(federation))},
          {"data", {{"source", report.data_source}, {"sha256", report.data_sha256}}},
          {"encoder", report.encoder},
          {"dimension", report.dimension},
          {"watch", watch_of(federation) == Watch::full ? "full" : "light"},
          {"watched", what_was_watched(watch_of(federation))},
          {"runs", std::move(runs)}};
}

void save_steps(const FederationReport& report, const std::filesystem::path& file) {
  CsvFile csv(file, {"seed", "step", "classes", "federated", "alone", "central", "bytes", "contributions", "seconds"});
  const auto field = [](const std::optional<double>& value) { return value ? CsvField(*value) : CsvField(""); };
  for (const FederationRun& run : report.runs)
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
      const FederationStep& step = run.steps[i];
      csv.row({run.seed, i + 1, step.classes, field(step.federated), field(step.alone), field(step.central), step.bytes,
               step.contributions, step.seconds});
    }
  csv.flush();
}

void save_clients(const FederationReport& report, const std::filesystem::path& file) {
  CsvFile csv(file, {"seed", "client", "profile", "rendezvous", "pictures", "messages_sent", "bytes_sent",
                     "bytes_received", "seconds_on_its_way", "crashes", "replica_revision", "done"});
  for (const FederationRun& run : report.runs)
    for (const ClientSummary& client : run.world.clients)
      csv.row({run.seed, client.client, report.federation.profiles[run.profile_of_client[client.client]].name,
               client.rendezvous, client.pictures, client.sent, client.sent_bytes, client.received_bytes,
               static_cast<double>(client.on_its_way_ms) / 1000, client.crashes, client.replica,
               client.done ? "yes" : "no"});
  csv.flush();
}

std::string rate(double count, double seconds) {
  return seconds > 0 ? with_separators(static_cast<std::uint64_t>(count / seconds)) : "–";
}

// Few steps are all shown, of many about a dozen.
std::vector<std::size_t> shown_steps(std::size_t steps) {
  constexpr std::size_t kShown = 12;
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < std::min(steps, kShown); ++i)
    shown.push_back((i + 1) * steps / std::min(steps, kShown) - 1);
  return shown;
}

void print_steps(const FederationReport& report, std::ostream& stream) {
  std::vector<std::string> headings{"step", "classes"};
  for (const FederationMethod method : report.federation.methods) headings.emplace_back(name_of(method));
  Table table(headings);
  const auto add = [&](const std::string& name, std::size_t step) {
    std::vector<std::string> row{name, std::to_string(report.runs.front().steps[step].classes)};
    for (const FederationMethod method : report.federation.methods)
      row.push_back(to_percent(at_step(report, step, method)));
    table.row(std::move(row));
  };
  const std::size_t steps = report.federation.plan.rendezvous;
  for (const std::size_t step : shown_steps(steps)) add(std::to_string(step + 1), step);
  table.rule();
  add("all caught up", steps);
  stream << table;
}

void print_promises(const FederationReport& report, std::ostream& stream) {
  std::uint64_t events = 0;
  std::uint64_t lost = 0;
  std::uint64_t crashes = 0;
  std::uint64_t torn = 0;
  std::uint64_t full = 0;
  std::uint64_t client_crashes = 0;
  double seconds = 0;
  for (const FederationRun& run : report.runs) {
    events += run.world.events;
    lost += run.world.lost;
    crashes += run.world.aggregator.crashes;
    torn += run.world.aggregator.torn_writes;
    full += run.world.aggregator.refused_commits;
    client_crashes += run.world.client_crashes();
    seconds += run.seconds;
  }
  const auto rendezvous = static_cast<double>(report.federation.plan.clients * (report.federation.plan.rendezvous + 2) *
                                              report.runs.size());
  stream << fmt::format(
      "\n{} events in {:.1f} s ({} events/s, {} rendezvous/s); {:.0f} bytes per resting client\n"
      "{} messages lost, {} crashes of clients, {} of the aggregator ({} in the middle of a write), {} full disks\n"
      "every promise held that was watched. {}\n",
      with_separators(events), seconds, rate(static_cast<double>(events), seconds), rate(rendezvous, seconds),
      report.runs.back().bytes_per_resting_client, with_separators(lost), client_crashes, crashes, torn, full,
      what_was_watched(watch_of(report.federation)));
}

}  // namespace

Watch watch_of(const Federation& federation) {
  return federation.plan.clients <= kMostClientsWatchedFully ? Watch::full : Watch::light;
}

std::string what_was_watched(Watch watch) {
  const std::string always =
      "After every event: what is acknowledged is on disk, also after a restart, revisions only grow, no core throws. "
      "At the end: every honest client has delivered all, and all know the same, bit for bit.";
  const std::string most_closely =
      "after every event that changes knowledge, that it is what a fresh merge of all that was accepted gives, so that "
      "nothing counts twice; after a restart, that nothing is on disk that never came in; that parts said to be held "
      "are on disk; at the end, that what each client said last is what counts.";
  if (watch == Watch::full) return fmt::format("{} Also: {}", always, most_closely);
  return fmt::format("{} Not watched, as there are more than {} clients: {}", always, kMostClientsWatchedFully,
                     most_closely);
}

Chart accuracy_curve(const FederationReport& report) {
  Chart chart;
  chart.title = report.federation.title;
  chart.x_label = "mission steps";
  chart.y_label = "accuracy on the classes so far, %";
  for (const FederationMethod method : report.federation.methods) {
    ChartSeries& series = chart.series.emplace_back();
    series.name = name_of(method);
    series.dashed = method == FederationMethod::central;
    for (std::size_t step = 0; step < report.federation.plan.rendezvous; ++step) {
      const Summary summary = at_step(report, step, method);
      series.points.push_back({static_cast<double>(step + 1), 100 * summary.mean, 100 * summary.deviation});
    }
  }
  chart.y_to = 100;
  return chart;
}

Findings findings_of(const FederationReport& report) {
  Findings findings{"federation", report.federation.name, report.federation.title, {}, {}};
  if (report.runs.empty()) return findings;
  if (!report.federation.methods.empty()) findings.curves.push_back(accuracy_curve(report));
  const std::size_t last = report.federation.plan.rendezvous;
  for (const FederationMethod method : report.federation.methods)
    findings.figures.push_back(
        {"accuracy", std::string(name_of(method)), Unit::share, Better::higher, at_step(report, last, method)});
  const auto add = [&](const char* name, const char* of, Unit unit, Better better, auto&& figure) {
    findings.figures.push_back({name, of, unit, better, over_runs(report, figure)});
  };
  const auto clients = static_cast<double>(report.federation.plan.clients);
  add("bytes per client", "both ways", Unit::bytes, Better::lower,
      [&](const FederationRun& run) { return static_cast<double>(run.steps.back().bytes) / clients; });
  add("contributions", "accepted", Unit::number, Better::neither,
      [](const FederationRun& run) { return static_cast<double>(run.world.accepted); });
  add("events", "", Unit::number, Better::neither,
      [](const FederationRun& run) { return static_cast<double>(run.world.events); });
  add("events per second", "", Unit::number, Better::higher,
      [](const FederationRun& run) { return static_cast<double>(run.world.events) / std::max(run.seconds, 1e-9); });
  add("bytes per resting client", "", Unit::bytes, Better::lower,
      [](const FederationRun& run) { return run.bytes_per_resting_client; });
  return findings;
}

void print_summary(const FederationReport& report, std::ostream& stream) {
  const Federation& federation = report.federation;
  stream << '\n' << federation.title << '\n';
  print_notice(report.completion(), stream);
  stream << fmt::format("{} clients, {} rendezvous each, {}; {}\n\n", with_separators(federation.plan.clients),
                        federation.plan.rendezvous, report.data_source,
                        report.runs.size() == 1 ? fmt::format("seed {}", report.runs.front().seed)
                                                : fmt::format("{} seeds", report.runs.size()));
  if (report.runs.empty()) return;
  if (!federation.methods.empty()) print_steps(report, stream);
  print_promises(report, stream);
  for (const FederationRun& run : report.runs)
    if (run.processes)
      stream << fmt::format("seed {}: {} ({:.0f} s)\n", run.seed, sentence_on(*run.processes), run.processes->seconds);
}

Completion FederationReport::completion() const {
  const std::vector<std::uint64_t>& seeds = federation.seeds;
  std::vector<std::string> spans;
  for (std::size_t i = runs.size(); i < seeds.size();) {
    std::size_t last = i;
    while (last + 1 < seeds.size() && seeds[last + 1] == seeds[last] + 1) ++last;
    spans.push_back(last == i ? fmt::format("seed {}", seeds[i]) : fmt::format("seeds {}..{}", seeds[i], seeds[last]));
    i = last + 1;
  }
  return {fmt::format("{} of {} seeds done", runs.size(), seeds.size()), std::move(spans)};
}

void save(const FederationReport& report, const std::filesystem::path& directory) {
  json made = report_of(report);
  add_findings(findings_of(report), made);
  save_steps(report, directory / "steps.csv");
  save_clients(report, directory / "clients.csv");
  if (!report.runs.empty()) save_svg(accuracy_curve(report), directory / "accuracy.svg");
  Page page = federation_page(report);
  page.notice = report.completion().notice();
  for (const FederationRun& run : report.runs)
    if (run.processes)
      page.facts.emplace_back(fmt::format("processes, seed {}", run.seed), sentence_on(*run.processes));
  std::ranges::move(settings_in(made), std::back_inserter(page.facts));
  save_html(page, directory / "report.html");
  save_report(made, report.completion(), directory);
}

}  // namespace outrider::simulations
