// What a run of any kind has found, in a form that asks for no knowledge of the kind: the part of report.json that runs
// are compared by (docs/reports.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "simulations/report/chart.h"
#include "simulations/report/figure.h"

namespace outrider::simulations {

// What a scenario says, by its path: {"mission.clients", "4"}; lists are one text.
using Settings = std::vector<std::pair<std::string, std::string>>;

struct Findings {
  std::string kind;   // "mission", "study"
  std::string name;   // of the scenario
  std::string title;  // likewise, for people
  std::vector<Figure> figures;
  std::vector<Chart> curves;  // no two with the same axes
  Settings settings{};        // read from report.json, where each kind writes them as it likes under "scenario"
};

// Writes all but the settings into the report: "kind", "name", "title", "figures", "curves".
void add_findings(const Findings& findings, nlohmann::json& report);

// Throws InputError naming `origin` where the report has no such part or it is not as add_findings writes it.
Findings findings_in(const nlohmann::json& report, const std::string& origin);

// JSON has no number for what is not known.
nlohmann::json number_or_null(const std::optional<double>& number);

// What stands under "scenario" of a report, if anything does.
Settings settings_in(const nlohmann::json& report);

// Of a run's directory, or of a report.json. Throws InputError when there is none, it is too large or no JSON.
Findings load_findings(const std::filesystem::path& run);

}  // namespace outrider::simulations
