// The page of a report on rounds of training.
#include <algorithm>

#include <fmt/format.h>

#include "knowledge/counted.h"
#include "simulations/federated_rounds/rounds_report.h"
#include "simulations/report/figure.h"

namespace outrider::simulations {
namespace {

std::string rounds_lead(const RoundsReport& report) {
  const RoundsScenario& scenario = report.scenario;
  return fmt::format(
      "Clients train one network in {}, each on its own pictures, which stay with it; an aggregator makes the next "
      "weights of what they send. {} in {}, with {}.",
      counted(scenario.plan.rounds, "round", "rounds"), counted(scenario.methods.size(), "method", "methods"),
      counted(scenario.settings.size(), "setting", "settings"), counted(scenario.seeds.size(), "seed", "seeds"));
}

const RoundsResult* best_federated(const RoundsReport& report, const std::string& setting) {
  const RoundsResult* best = nullptr;
  for (const RoundsResult* result : report.results_in(setting))
    if (result->method != kCentral && (best == nullptr || result->accuracy().mean > best->accuracy().mean))
      best = result;
  return best;
}

std::vector<KeyFigure> rounds_key_figures(const RoundsReport& report) {
  std::vector<KeyFigure> figures;
  for (const RoundsSetting& setting : report.scenario.settings) {
    const RoundsResult* best = best_federated(report, setting.name);
    if (best == nullptr) continue;
    std::string note = fmt::format("best by {}", best->method);
    if (const auto central = report.central_accuracy(setting.name))
      note += fmt::format("; all pictures at one place: {}", to_text(Unit::share, *central));
    figures.push_back({setting.name, to_text(Unit::share, best->accuracy()), std::move(note)});
  }
  return figures;
}

std::string growth_text(const RoundsResult& result) {
  std::string text;
  for (const RoundsGrowth& growth : result.runs.front().growths)
    text += fmt::format("{}{:g} in round {}", text.empty() ? "" : ", ", growth.width, growth.round + 1);
  return text;
}

PageTable setting_table(const RoundsReport& report, const RoundsSetting& setting) {
  std::vector<std::string> headings{"method",           "accuracy", "to central", "received", "sent",
                                    "10^12 operations", "weights",  "used",       "refused"};
  const auto grew = [](const RoundsResult* result) { return !result->runs.front().growths.empty(); };
  const bool any_grew = std::ranges::any_of(report.results_in(setting.name), grew);
  if (any_grew) headings.emplace_back("grew to width");
  Table table(std::move(headings));
  const auto central = report.central_accuracy(setting.name);
  for (const RoundsResult* result : report.results_in(setting.name)) {
    const RoundsRun& first = result->runs.front();
    std::vector<std::string> cells{
        result->method,
        to_text(Unit::share, result->accuracy()),
        central && result->method != kCentral ? difference_text(Unit::share, *central, result->accuracy()) : "–",
        to_text(Unit::bytes, result->received()),
        to_text(Unit::bytes, result->sent()),
        fmt::format("{:.3g}", result->operations().mean / 1e12),
        to_text(Unit::number, result->weights()),
        std::to_string(first.used),
        std::to_string(first.refused)};
    if (any_grew) cells.push_back(growth_text(*result));
    table.row(std::move(cells));
  }
  return {fmt::format(
              "After the last round: mean ± standard deviation over the seeds; bytes of a client in a round; updates "
              "{}of the first seed",
              any_grew ? "and growth " : ""),
          std::move(table)};
}

// How well the parts do that narrow clients hold.
std::optional<PageTable> parts_table(const RoundsReport& report, const RoundsSetting& setting) {
  Table table({"method", "width of the part", "accuracy"});
  bool any = false;
  for (const RoundsResult* result : report.results_in(setting.name))
    for (std::size_t i = 0; i < result->runs.front().parts.size(); ++i) {
      any = true;
      const Summary accuracy = result->over_seeds([&](const RoundsRun& run) { return run.parts[i].accuracy; });
      table.row(
          {result->method, fmt::format("{:g}", result->runs.front().parts[i].width), to_text(Unit::share, accuracy)});
    }
  if (!any) return std::nullopt;
  return PageTable{"What clients with a part of the network predict with", std::move(table)};
}

std::string setting_text(const RoundsReport& report, std::size_t number) {
  const RoundsSetting& setting = report.scenario.settings[number];
  if (number >= report.facts.size()) return setting.architecture;
  const SettingFacts& facts = report.facts[number];
  std::string partition(name_of(setting.partition.kind));
  if (setting.partition.kind == PartitionKind::dirichlet || setting.partition.kind == PartitionKind::quantity)
    partition += fmt::format(" with alpha {:g}", setting.partition.alpha);
  return fmt::format(
      "{}: {} pictures of {}, divided {}: {} clients have any, of {:.1f} classes on average. {} with {} weights; {} "
      "clients are asked in a round, each goes {} through its pictures, {} at a time, at a rate of {:g}. Judged by {} "
      "pictures that nobody learns from.",
      setting.name, facts.train, facts.source, partition, facts.clients, facts.classes_per_client, setting.architecture,
      facts.weights, setting.cohort, setting.epochs == 1 ? "once" : fmt::format("{} times", setting.epochs),
      setting.batch, setting.rate, facts.test);
}

std::string merging_text(const MergingPlan& plan) {
  return fmt::format(
      "Two clients, each with pictures of one half of the classes, {} of each class, train a {} of width {:g} each. Of "
      "both one network is made: by growth, where they become the diagonal of one twice as wide, and whoever has {} "
      "pictures of every class trains what leads from one to the other; by averaging; and beside them a network of the "
      "grown width that is trained from scratch for as many operations as all of that took.",
      plan.own == 0 ? std::string("all") : std::to_string(plan.own), plan.architecture, plan.size, plan.shared);
}

}  // namespace

Page rounds_page(const RoundsReport& report) {
  Page page;
  page.title = report.scenario.title;
  page.lead = rounds_lead(report);
  page.figures = rounds_key_figures(report);
  for (std::size_t number = 0; number < report.scenario.settings.size(); ++number) {
    const RoundsSetting& setting = report.scenario.settings[number];
    if (report.results_in(setting.name).empty()) continue;
    Section& figures = page.section(setting.name);
    figures.add(Paragraph{setting_text(report, number)}).add(setting_table(report, setting));
    if (auto parts = parts_table(report, setting)) figures.add(*std::move(parts));
    Section& curves = page.section(setting.name + ": accuracy over rounds and over work", true);
    for (const RoundsAxis axis : {RoundsAxis::rounds, RoundsAxis::operations}) {
      Chart chart = accuracy_curve(report, setting, axis);
      chart.title = axis == RoundsAxis::rounds ? "over rounds" : "over operations of training";
      chart.y_label = "accuracy, %";
      curves.add(std::move(chart));
    }
  }
  for (const MergingResult& result : report.merging)
    if (!result.runs.empty())
      page.section("Two networks made one, on " + result.setting)
          .add(Paragraph{merging_text(*report.scenario.merging)})
          .add(PageTable{"Mean ± standard deviation over the seeds; bytes of what is handed back",
                         merging_table(result)});
  page.facts = {{"program", "outrider " OUTRIDER_VERSION}};
  for (std::size_t i = 0; i < report.facts.size(); ++i)
    page.facts.emplace_back(report.scenario.settings[i].name + ": SHA-256", report.facts[i].sha256);
  return page;
}

}  // namespace outrider::simulations
