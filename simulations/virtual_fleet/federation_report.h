// What a federation has found: accuracy over the mission's steps, what it cost, and what became of every client.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "learners/evaluation/accuracy_matrix.h"
#include "learners/evaluation/confusion_matrix.h"
#include "learners/evaluation/summary.h"
#include "simulations/experiment/completion.h"
#include "simulations/report/confusion.h"
#include "simulations/report/findings.h"
#include "simulations/report/page.h"
#include "simulations/virtual_fleet/federation.h"
#include "simulations/world/mission_world.h"

namespace outrider::simulations {

// When everything of a step has happened. Accuracies are shares of the test pictures of the classes that have come.
struct FederationStep {
  std::size_t classes = 0;
  std::optional<double> federated;
  std::optional<double> alone;
  std::optional<double> central;
  std::uint64_t bytes = 0;          // sent by all clients and to them, so far
  std::uint64_t contributions = 0;  // accepted so far
  double seconds = 0;               // of real time, so far
};

// The same federation as real daemons: see federation_fleet.h.
struct ProcessRun {
  std::size_t clients = 0;
  std::size_t clients_killed = 0;  // and started again
  std::size_t aggregator_killed = 0;
  Digest knowledge{};  // of every client's replica, whoever has taught it
  double seconds = 0;
};

struct FederationRun {
  std::uint64_t seed = 0;
  std::vector<FederationStep> steps;  // the last is after everybody has caught up
  // R[t][g]: accuracy after step t on the classes that came as the g-th group; nothing where a step brought none.
  std::optional<AccuracyMatrix> groups;
  std::optional<Confusion> confusion;  // of what is known at the end
  std::vector<std::vector<std::string>> group_classes;
  std::vector<std::uint8_t> profile_of_client;
  WorldSummary world;
  std::optional<ProcessRun> processes;  // if asked for; what they know is what the world knows
  // Of real time and memory: not part of the result.
  double seconds = 0;
  double bytes_per_resting_client = 0;
};

struct FederationReport {
  Federation federation;
  std::string data_source;
  std::string data_sha256;
  std::string encoder;  // of the first seed
  std::size_t dimension = 0;
  std::vector<FederationRun> runs;  // fewer than seeds: it was interrupted

  Completion completion() const;
};

// Worlds of so many clients are watched most closely: it costs work in the size of what they know after every event
// that changes it.
inline constexpr std::size_t kMostClientsWatchedFully = 64;
Watch watch_of(const Federation& federation);
// What was checked, and what not: a sentence or two for people.
std::string what_was_watched(Watch watch);

void print_summary(const FederationReport& report, std::ostream& stream);
Chart accuracy_curve(const FederationReport& report);
Findings findings_of(const FederationReport& report);
Page federation_page(const FederationReport& report);
// report.html, report.json, steps.csv, clients.csv, accuracy.svg. Throws InputError when they cannot be written.
void save(const FederationReport& report, const std::filesystem::path& directory);

}  // namespace outrider::simulations
