// What a mission has found: as a table, JSON, CSV, a curve and a page.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "simulations/class_incremental/mission_scenario.h"
#include "simulations/experiment/completion.h"
#include "simulations/report/chart.h"
#include "simulations/report/confusion.h"
#include "simulations/report/findings.h"
#include "simulations/report/page.h"

namespace outrider::simulations {

// One client at the end of the mission. Accuracies are shares of the superset's test pictures.
struct ClientResult {
  std::string name;
  std::size_t classes = 0;  // that it learned itself
  double before = 0;        // with the base and what it learned itself
  double after = 0;         // with what all have learned
  double payload_bytes_per_class = 0;
  double wire_bytes_per_class = 0;  // all that it sent, hellos and heartbeats included
  double seconds_per_class = 0;     // reading pictures, embedding, averaging
};

// After a rendezvous, or with the base alone.
struct StepResult {
  std::size_t classes = 0;            // in the superset
  std::vector<double> before;         // of each client
  std::vector<double> after;          // likewise
  double upper_bound = 0;             // batch prototypes of the same classes
  std::optional<double> fine_tuning;  // the lower bound
  double seconds = 0;                 // from new pictures to everybody's having caught up
};

// Complete, or what there was when the run was interrupted.
struct Report {
  Scenario scenario;
  std::string data_source;
  std::string data_sha256;
  std::string encoder;  // its id
  std::size_t dimension = 0;
  double pretraining_seconds = 0;
  std::vector<ClientResult> clients;
  std::vector<StepResult> steps;
  std::optional<Confusion> confusion;  // after the last rendezvous, of all clients together
  double largest_difference = 0;       // between a merged prototype's component and the batch prototype's, relative

  Completion completion() const;
  double mean_after() const;
  double mean_before() const;
};

void print_summary(const Report& report, std::ostream& stream);
Chart accuracy_curve(const Report& report);
Findings findings_of(const Report& report);
Page mission_page(const Report& report);
// report.json, report.html, accuracy.csv, accuracy.svg. Throws InputError when they cannot be written.
void save(const Report& report, const std::filesystem::path& directory);

}  // namespace outrider::simulations
