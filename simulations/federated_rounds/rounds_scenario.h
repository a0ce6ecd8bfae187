// A scenario of another kind: clients train one network in rounds, each on its own pictures. Which strategies are
// compared, in which settings, and what all pictures at one place would come to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "learners/averaging/strategy.h"
#include "learners/averaging/update_wire.h"
#include "learners/encoders/encoder.h"
#include "simulations/scenario/data_source.h"
#include "simulations/scenario/partition.h"
#include "simulations/scenario/setting.h"

namespace outrider::simulations {

// What is learned, and how its pictures are divided.
struct RoundsSetting {
  std::string name;
  DataSource data;
  std::string architecture = "lenet5";
  Preprocessing preprocessing{.input = {1, 28, 28}};
  std::size_t clients = 20;
  PartitionPlan partition{};
  std::size_t train_pictures = 0;  // of each class; 0: all
  std::size_t test_pictures = 0;   // likewise
  std::size_t cohort = 10;         // clients asked in a round
  std::size_t batch = 32;
  std::size_t epochs = 1;  // that a client trains in a round
  float rate = 0.05F;

  bool operator==(const RoundsSetting&) const = default;
};

// How clients and aggregator go about it.
struct RoundsMethod {
  std::string name;
  averaging::Strategy strategy{};
  averaging::Encoding encoding = averaging::Encoding::kFloat32;  // of updates
  std::vector<double> widths{1};  // of the clients' parts: client k has the (k mod n)-th of n
  double size = 1;                // width of the network at the beginning, of the setting's architecture
  bool nested = false;            // clients go on with narrower parts that others train (training::LocalWork)
  bool masked = false;            // classes that a client lacks are left out of its loss
  bool grow = false;              // whether it grows, when training stalls, until it is as wide as the architecture
  bool new_channels = false;      // then by channels of their own instead of copies (WidenStep::fresh)

  bool operator==(const RoundsMethod&) const = default;
};

struct GrowthPlan {
  std::size_t patience = 3;  // rounds without gain
  double gain = 0.02;        // by which the loss must fall to count as one, as a share of the least so far
  double factor = 2;         // by which widths grow at once

  bool operator==(const GrowthPlan&) const = default;
};

struct RoundsPlan {
  std::size_t rounds = 20;
  std::size_t measure_every = 1;  // rounds
  double late = 0;                // the chance that an update comes after its round is over
  bool central = true;            // compare with all pictures at one place

  bool operator==(const RoundsPlan&) const = default;
};

// Two clients with different classes train small networks, of which one is made by growth and in other ways
// (simulations/federated_rounds/merging_study.h).
struct MergingPlan {
  std::vector<std::string> settings;  // whose pictures it is done with
  std::string architecture = "conv4";
  double size = 0.25;           // width of the small networks, of the architecture's
  std::uint32_t templates = 2;  // in a set
  std::size_t own = 1000;       // pictures of each of its classes that a client has; 0: all
  std::size_t shared = 100;     // pictures of each class that who trains the grown network has
  std::size_t batch = 64;
  std::size_t epochs = 10;         // of each client
  std::size_t merged_epochs = 20;  // of who trains the grown network
  float rate = 0.05F;

  bool operator==(const MergingPlan&) const = default;
};

struct RoundsScenario {
  std::string name;
  std::string title;
  std::vector<std::uint64_t> seeds{1};
  int threads = 2;  // clients that train at the same time; not part of the result
  RoundsPlan plan;
  GrowthPlan growth;
  std::vector<RoundsSetting> settings;
  std::vector<RoundsMethod> methods;
  std::optional<MergingPlan> merging;

  bool operator==(const RoundsScenario&) const = default;
};

// What all pictures at one place are called among the methods.
inline constexpr std::string_view kCentral = "central";

std::string_view name_of(averaging::Encoding encoding);

// All of its settings, bound to it.
SettingTables settings_of(RoundsScenario& scenario);

// Whether the scenario file is one of these: it has a table [rounds]. Throws InputError when it cannot be read as TOML.
bool is_rounds(const std::filesystem::path& file);

// Throws InputError as load_scenario.
RoundsScenario load_rounds(const std::filesystem::path& file);

}  // namespace outrider::simulations
