// The page of a federation's report.
#include <algorithm>

#include <fmt/format.h>

#include "simulations/report/figure.h"
#include "simulations/virtual_fleet/federation_report.h"

namespace outrider::simulations {
namespace {

std::vector<KeyFigure> federation_key_figures(const FederationReport& report) {
  const FederationRun& run = report.runs.front();
  const FederationStep& last = run.steps.back();
  std::vector<KeyFigure> figures;
  if (last.federated) figures.push_back({"accuracy, federated", share_text(last.federated), "all have caught up"});
  if (last.alone) figures.push_back({"accuracy, alone", share_text(last.alone), "mean of single clients"});
  if (last.central) figures.push_back({"accuracy, central", share_text(last.central), "all pictures at one place"});
  figures.push_back({"contributions", grouped(static_cast<double>(run.world.accepted)), "each counted once"});
  figures.push_back({"events", grouped(static_cast<double>(run.world.events)),
                     fmt::format("{} a second", grouped(static_cast<double>(run.world.events) / run.seconds))});
  figures.push_back({"messages lost", grouped(static_cast<double>(run.world.lost)),
                     fmt::format("{} crashes of clients, {} of the aggregator", run.world.client_crashes(),
                                 run.world.aggregator.crashes)});
  return figures;
}

Chart traffic_chart(const FederationReport& report) {
  Chart chart;
  chart.title = "Bytes sent by all and to all, so far";
  chart.x_label = "mission steps";
  chart.y_label = "megabytes";
  chart.y_from = 0;
  for (const FederationRun& run : report.runs) {
    ChartSeries& series = chart.series.emplace_back();
    series.name = fmt::format("seed {}", run.seed);
    for (std::size_t step = 0; step < run.steps.size(); ++step)
      series.points.push_back({static_cast<double>(step + 1), static_cast<double>(run.steps[step].bytes) / 1e6});
    if (chart.series.size() == 8) break;  // as many as there are colours
  }
  return chart;
}

// Rows: after which group of classes came; columns: which group is judged.
HeatMap groups_map(const FederationRun& run) {
  HeatMap map;
  map.title = "What is left of classes after later ones came, %";
  map.row_label = "after these came";
  map.column_label = "accuracy on these, among all that had come";
  for (const auto& names : run.group_classes) {
    std::string text = names.front();
    if (names.size() > 1) text += fmt::format(" and {} more", names.size() - 1);
    map.rows.push_back(text);
    map.columns.push_back(std::move(text));
  }
  for (std::size_t row = 0; row < map.rows.size(); ++row) {
    auto& values = map.values.emplace_back();
    for (std::size_t column = 0; column < map.columns.size(); ++column) values.push_back(run.groups->at(row, column));
  }
  map.scale = 100;
  map.unit = "%";
  return map;
}

PageTable steps_table(const FederationRun& run) {
  Table table({"step", "classes", "federated", "alone", "central", "megabytes", "contributions", "seconds"});
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const FederationStep& step = run.steps[i];
    table.row({i + 1 == run.steps.size() ? "caught up" : std::to_string(i + 1), std::to_string(step.classes),
               share_text(step.federated), share_text(step.alone), share_text(step.central),
               fmt::format("{:.1f}", static_cast<double>(step.bytes) / 1e6),
               grouped(static_cast<double>(step.contributions)), fmt::format("{:.1f}", step.seconds)});
  }
  return {fmt::format("Seed {}", run.seed), std::move(table), 200, "steps.csv"};
}

PageTable clients_table(const FederationReport& report, const FederationRun& run) {
  constexpr std::size_t kShown = 200;
  Table table({"client", "profile", "rendezvous", "pictures", "sent, kB", "received, kB", "s on its way", "crashes"});
  for (const ClientSummary& client : run.world.clients)
    table.row({std::to_string(client.client), report.federation.profiles[run.profile_of_client[client.client]].name,
               std::to_string(client.rendezvous), std::to_string(client.pictures),
               fmt::format("{:.1f}", static_cast<double>(client.sent_bytes) / 1000),
               fmt::format("{:.1f}", static_cast<double>(client.received_bytes) / 1000),
               fmt::format("{:.1f}", static_cast<double>(client.on_its_way_ms) / 1000),
               std::to_string(client.crashes)});
  return {fmt::format("Seed {}", run.seed), std::move(table), kShown, "clients.csv"};
}

}  // namespace

Page federation_page(const FederationReport& report) {
  Page page;
  const Federation& federation = report.federation;
  page.title = federation.title.empty() ? federation.name : federation.title;
  page.lead =
      fmt::format("{} clients under virtual time, {} rendezvous each, {} {}. {}",
                  grouped(static_cast<double>(federation.plan.clients)), federation.plan.rendezvous, report.runs.size(),
                  report.runs.size() == 1 ? "seed" : "seeds", what_was_watched(watch_of(federation)));
  page.facts = {{"outrider", OUTRIDER_VERSION},
                {"data", report.data_source},
                {"data, SHA-256", report.data_sha256},
                {"encoder", report.encoder}};
  if (report.runs.empty()) return page;
  const FederationRun& first = report.runs.front();
  page.figures = federation_key_figures(report);
  Section& accuracy = page.section("Accuracy over the mission");
  if (!federation.methods.empty()) accuracy.add(accuracy_curve(report));
  accuracy.add(steps_table(first));
  if (first.confusion) page.sections.push_back(confusion_section(*first.confusion));
  if (first.groups && first.groups->tasks() > 1) page.section("Forgetting").add(groups_map(first));
  page.section("Traffic").add(traffic_chart(report));
  page.section("Clients").add(clients_table(report, first));
  page.facts.emplace_back("knowledge", first.world.learned.hex());
  return page;
}

}  // namespace outrider::simulations
