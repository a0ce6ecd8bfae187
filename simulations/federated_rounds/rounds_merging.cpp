#include "simulations/federated_rounds/rounds_merging.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "learners/encoders/architectures.h"
#include "learners/surgery/narrow.h"
#include "simulations/report/figure.h"

namespace outrider::simulations {

using nlohmann::json;

MergingOptions merging_options(const MergingPlan& plan, const RoundsSetting& setting, std::size_t classes,
                               std::uint64_t seed) {
  MergingOptions options;
  const nn::NetworkSpec whole =
      architecture(plan.architecture, setting.preprocessing.input, {.classes = static_cast<std::int64_t>(classes)});
  options.small.part = surgery::narrow_network(whole, plan.size);
  options.small.templates = plan.templates;
  options.alone = {.batch = plan.batch, .epochs = plan.epochs, .rate = plan.rate};
  options.merged = {.batch = plan.batch, .epochs = plan.merged_epochs, .rate = plan.rate};
  options.own = plan.own;
  options.shared = plan.shared;
  options.seed = seed;
  growing::layout_of(options.small);
  return options;
}

MergingRun run_merging(const MergingPlan& plan, const RoundsSetting& setting, const RoundsPictures& pictures,
                       std::uint64_t seed, const std::function<void()>& poll) {
  const MergingOptions options = merging_options(plan, setting, pictures.train.classes.size(), seed);
  return {seed, compare_merging(options, {setting.preprocessing, pictures.train, pictures.test}, poll)};
}

std::vector<MergingFigures> figures_of(const MergingResult& result) {
  std::vector<MergingFigures> figures;
  for (std::size_t way = 0; !result.runs.empty() && way < result.runs.front().rows.size(); ++way) {
    std::vector<double> accuracies;
    std::vector<double> operations;
    std::vector<double> bytes;
    for (const MergingRun& run : result.runs) {
      accuracies.push_back(run.rows[way].accuracy);
      operations.push_back(run.rows[way].flops);
      bytes.push_back(static_cast<double>(run.rows[way].bytes));
    }
    figures.push_back(
        {result.runs.front().rows[way].way, summarise(accuracies), summarise(operations), summarise(bytes)});
  }
  return figures;
}

Table merging_table(const MergingResult& result) {
  Table table({"way", "accuracy", "10^12 operations", "bytes"});
  for (const MergingFigures& of : figures_of(result))
    table.row({of.way, to_text(Unit::share, of.accuracy), fmt::format("{:.3g}", of.operations.mean / 1e12),
               to_text(Unit::bytes, of.bytes)});
  return table;
}

json to_json(const MergingRun& run) {
  json rows = json::array();
  for (const MergingRow& row : run.rows)
    rows.push_back({{"way", row.way}, {"accuracy", row.accuracy}, {"operations", row.flops}, {"bytes", row.bytes}});
  return {{"seed", run.seed}, {"rows", std::move(rows)}};
}

MergingRun merging_run_from(const json& kept) {
  MergingRun run;
  run.seed = kept.at("seed").get<std::uint64_t>();
  for (const json& row : kept.at("rows"))
    run.rows.push_back({row.at("way").get<std::string>(), row.at("accuracy").get<double>(),
                        row.at("operations").get<double>(), row.at("bytes").get<std::size_t>()});
  return run;
}

}  // namespace outrider::simulations
