// The scenario of a mission (TOML): which data, which encoder, what the clients meet, what to compare with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "simulations/scenario/data_source.h"
#include "simulations/scenario/setting.h"

namespace outrider::simulations {

// What the clients meet.
struct MissionPlan {
  std::size_t clients = 4;
  std::size_t steps = 1;          // the new classes arrive in this many steps, a rendezvous after each
  std::size_t new_classes = 0;    // 0: all that are not base classes
  std::size_t shots = 5;          // labelled pictures of each new class
  std::size_t test_pictures = 0;  // of each class; 0: all
  bool keep_base = true;          // the base classes belong to the superset
  int threads_per_client = 1;
  std::uint32_t patience_seconds = 120;  // for a rendezvous

  bool operator==(const MissionPlan&) const = default;
};

// The lower bound: the encoder with a linear head, fine-tuned on one step's classes after the other by plain SGD.
struct FineTuning {
  std::size_t epochs = 0;  // 0: left out
  float learning_rate = 0.01F;
  std::size_t batch = 32;

  bool operator==(const FineTuning&) const = default;
};

struct Scenario {
  std::string name;
  std::string title;
  std::uint64_t seed = 1;
  DataSource data;
  Pretraining pretraining;
  MissionPlan mission;
  FineTuning fine_tuning;

  bool operator==(const Scenario&) const = default;
};

// All of its settings, bound to it.
SettingTables settings_of(Scenario& scenario);

// Throws InputError with file, line and what was expected for anything unknown, missing, of a wrong type or out of
// range.
Scenario load_scenario(const std::filesystem::path& file);

}  // namespace outrider::simulations
