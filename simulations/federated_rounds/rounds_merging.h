// What merging two clients' networks by growth is worth, as part of a scenario of rounds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "learners/evaluation/summary.h"
#include "simulations/federated_rounds/merging_study.h"
#include "simulations/federated_rounds/rounds_pictures.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/report/table.h"

namespace outrider::simulations {

struct MergingRun {
  std::uint64_t seed = 0;
  std::vector<MergingRow> rows;  // of every run the same ways
};

struct MergingResult {
  std::string setting;
  std::vector<MergingRun> runs{};  // one per seed

  std::string label_of(std::uint64_t seed) const {
    return "merging on " + setting + " with seed " + std::to_string(seed);
  }
};

// Throws InputError when the architecture does not take the pictures, its networks do not grow, or there are too few
// pictures.
MergingOptions merging_options(const MergingPlan& plan, const RoundsSetting& setting, std::size_t classes,
                               std::uint64_t seed);

// `poll` is called several times a second; what it throws ends the run.
MergingRun run_merging(const MergingPlan& plan, const RoundsSetting& setting, const RoundsPictures& pictures,
                       std::uint64_t seed, const std::function<void()>& poll);

// Over all seeds, of one way.
struct MergingFigures {
  std::string way;
  Summary accuracy{};
  Summary operations{};
  Summary bytes{};
};
std::vector<MergingFigures> figures_of(const MergingResult& result);  // nothing without runs
Table merging_table(const MergingResult& result);

nlohmann::json to_json(const MergingRun& run);
// Of what to_json gave: the very same run. Throws nlohmann::json::exception for anything else.
MergingRun merging_run_from(const nlohmann::json& json);

}  // namespace outrider::simulations
