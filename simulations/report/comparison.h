// Runs of any kind side by side: what they have in common of their findings.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "simulations/report/findings.h"
#include "simulations/report/page.h"
#include "simulations/report/table.h"

namespace outrider::simulations {

struct ComparedRun {
  std::string label;  // no two are alike
  Findings findings;
};

struct ComparedFigure {
  Figure figure;                               // what it is; its value is that of the first run that has it
  std::vector<std::optional<Summary>> values;  // one for each run

  // The run with the best mean, where one direction is better and no other run comes within the deviations.
  std::optional<std::size_t> best() const;
};

struct ComparedSetting {
  std::string path;
  std::vector<std::string> values;  // one for each run; "–" where it has none
};

struct Comparison {
  std::vector<ComparedRun> runs;
  std::vector<ComparedFigure> figures;    // those that two runs or more have, by name
  std::vector<ComparedSetting> settings;  // those in which the runs differ
};

// At least two runs. Throws InputError when one has no figure in common with the first.
Comparison compare(std::vector<ComparedRun> runs);
// Loads the runs and labels them: by their directories' names, or by the paths where names are alike.
Comparison compare_runs(const std::vector<std::filesystem::path>& runs);

// Figures as rows, a rule between those of different names; runs as columns, and differences to the first run, in
// brackets where they are within the deviations.
Table figures_table(const Comparison& comparison);
Table settings_table(const Comparison& comparison);
nlohmann::json as_json(const Comparison& comparison);

// Curves with the same axes, overlaid: one chart for each line that two runs or more have. Where they have no line in
// common, one chart for all.
std::vector<Chart> overlaid_curves(const Comparison& comparison);
Page comparison_page(const Comparison& comparison);

}  // namespace outrider::simulations
