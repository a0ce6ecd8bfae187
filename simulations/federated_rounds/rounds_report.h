// What clients that train in rounds have come to: as a table, JSON, CSV, curves and a page.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "simulations/experiment/completion.h"
#include "simulations/federated_rounds/rounds_merging.h"
#include "simulations/federated_rounds/rounds_result.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/report/chart.h"
#include "simulations/report/findings.h"
#include "simulations/report/page.h"

namespace outrider::simulations {

// What a setting's pictures are, of the first seed.
struct SettingFacts {
  std::string source;
  std::string sha256;
  std::size_t train = 0;  // pictures
  std::size_t test = 0;
  std::size_t clients = 0;  // that have any
  double classes_per_client = 0;
  std::size_t weights = 0;  // of the whole network
};

// Complete, or what there was when it was interrupted.
struct RoundsReport {
  RoundsScenario scenario;
  std::vector<SettingFacts> facts;     // of each setting
  std::vector<RoundsResult> results;   // setting by setting, the methods in the scenario's order; some without runs
  std::vector<MergingResult> merging;  // if the scenario asks for it; likewise

  Completion completion() const;
  std::size_t runs() const;  // that there are
  // Of a setting those that have runs, in order.
  std::vector<const RoundsResult*> results_in(const std::string& setting) const;
  // What all pictures at one place come to in a setting; nothing if it is not known.
  std::optional<Summary> central_accuracy(const std::string& setting) const;
};

void print_summary(const RoundsReport& report, std::ostream& stream);
// Of one setting: accuracy over rounds, or over operations.
enum class RoundsAxis : std::uint8_t { rounds, operations };
Chart accuracy_curve(const RoundsReport& report, const RoundsSetting& setting, RoundsAxis axis);
Findings findings_of(const RoundsReport& report);
Page rounds_page(const RoundsReport& report);
// report.html, report.json, accuracies.csv, accuracy-N.svg for setting N. Throws InputError when they cannot be
// written.
void save(const RoundsReport& report, const std::filesystem::path& directory);

}  // namespace outrider::simulations
