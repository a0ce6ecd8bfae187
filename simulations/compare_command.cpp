#include "simulations/compare_command.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/json_text.h"
#include "simulations/output_file.h"
#include "simulations/report/comparison.h"

namespace outrider::simulations {
namespace {

constexpr int kMostRuns = 16;

void print_comparison(const Comparison& comparison) {
  if (!comparison.settings.empty()) std::cout << settings_table(comparison) << '\n';
  std::cout << figures_table(comparison);
  std::cout << "\ndifferences are to " << comparison.runs.front().label
            << "; pp: percentage points; in brackets: no larger than the deviations of both runs together\n";
}

}  // namespace

void add_options(CLI::App& app, CompareOptions& options) {
  app.add_option("runs", options.runs,
                 "Two runs or more: their directories, or their report.json; the first is the one "
                 "that the others are compared with")
      ->required()
      ->expected(2, kMostRuns);
  app.add_option("--html", options.html, "Also write a page with the curves overlaid to this file");
  add_replace_option(app, options.replace);
  app.add_flag("--json", options.json, "For programs");
}

int run_compare(const CompareOptions& options) {
  if (!options.html.empty()) require_output(options.html, options.replace);
  const Comparison comparison = compare_runs(options.runs);
  if (!options.html.empty()) save_html(comparison_page(comparison), options.html);
  if (options.json)
    std::cout << json_text(as_json(comparison), 2) << '\n';
  else
    print_comparison(comparison);
  return 0;
}

}  // namespace outrider::simulations
