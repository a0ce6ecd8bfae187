// A scenario of a third kind: a federation of many clients under virtual time. Which data they have, when it comes to
// them, what they and the network are like, and what goes wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "learners/prototypical/admission.h"
#include "simulations/scenario/data_source.h"
#include "simulations/scenario/partition.h"
#include "simulations/scenario/setting.h"
#include "simulations/world/network.h"

namespace outrider::simulations {

// The kind of data that are no pictures.
inline constexpr std::string_view kGaussians = "gaussians";

// Embeddings without pictures, for worlds in which only the exchange matters: each class a normal distribution.
struct Gaussians {
  std::size_t classes = 0;  // 0: the scenario has real data
  std::size_t dimension = 8;
  std::size_t examples = 1000;          // in all, to learn from; a quarter more to test
  std::size_t encoder_bytes = 700'000;  // of the stand-in for an encoder that clients fetch: more than one chunk

  bool operator==(const Gaussians&) const = default;
};

// What a share of the clients is like.
struct ClientProfile {
  std::string name = "device";
  double share = 1;                  // relative to the other profiles' shares
  double pictures_per_second = 100;  // that it learns
  double kilobits_per_second = 0;    // of its link, each way; 0: no limit
  double available_from = 0;         // hour of the day, 0 to 24; a span may go past midnight
  double available_until = 24;
  double clock_drift_ppm = 0;     // its clock goes wrong by up to this, either way
  double clock_jump_seconds = 0;  // and is off by up to this at every start
  bool dishonest = false;         // sends what an honest client never would
  bool hostile = false;           // its words are nasty, and so are those that somebody says beside it in many names
  bool lies = false;              // its device is sound and says of classes what is not true

  bool operator==(const ClientProfile&) const = default;
};

// Each message's fate is drawn independently.
struct NetworkPlan {
  double loss = 0;
  double duplication = 0;
  Delay delay = Delay::uniform;
  // Uniform: between the two. Otherwise the shortest delay plus a draw whose median is a tenth of the way to the
  // longest, where it is cut. Different delays reorder.
  std::uint32_t shortest_delay_ms = 20;
  std::uint32_t longest_delay_ms = 200;
  // Now and then a share of the clients does not reach the aggregator.
  double partitions_per_hour = 0;
  double partition_minutes = 10;
  double partition_share = 0.5;

  bool operator==(const NetworkPlan&) const = default;
};

// Rates are means of Poisson processes.
struct CrashPlan {
  double clients_per_hour = 0;     // of each client
  double aggregator_per_hour = 0;  // at any moment: half of them in the middle of a write
  double full_disks_per_hour = 0;  // the aggregator's next commit fails

  bool operator==(const CrashPlan&) const = default;
};

enum class FederationMethod : std::uint8_t {
  federated,  // what the aggregator has merged
  alone,      // what single clients have learned, on average over some of them
  central,    // all pictures that have arrived so far, at one place: the upper bound
};
std::string_view name_of(FederationMethod method);

struct FederationPlan {
  std::size_t clients = 100;
  std::size_t rendezvous = 10;         // of each client: its mission has as many steps
  double hours_between = 1;            // a client's rendezvous, on average: each is at a random moment of its step
  std::size_t classes_at_once = 0;     // new classes of each step, in a random order; 0: all from the first
  double withdrawals = 0;              // the chance, at each rendezvous, that a client takes back a class it has taught
  std::size_t clients_measured = 100;  // of which `alone` is the mean; at most
  std::size_t test_pictures = 0;       // of each class; 0: all

  bool operator==(const FederationPlan&) const = default;
};

struct Federation {
  std::string name;
  std::string title;
  std::vector<std::uint64_t> seeds{1};
  std::vector<FederationMethod> methods{FederationMethod::federated, FederationMethod::alone,
                                        FederationMethod::central};
  DataSource data;
  Gaussians gaussians;
  Pretraining pretraining;
  FederationPlan plan;
  PartitionPlan partition;
  std::vector<ClientProfile> profiles;  // at least one
  NetworkPlan network;
  CrashPlan crashes;
  AdmissionRules admission = AdmissionRules::usual();  // of the aggregator, who is the base teacher, whoever is said
  // Every seed turns each kind of fault off, on, or down, so that a thousand seeds are a thousand kinds of weather.
  bool swarm = false;

  bool operator==(const Federation&) const = default;
};

// All of its settings, bound to it.
SettingTables settings_of(Federation& federation);
// Those of one kind of clients.
SettingList settings_of(ClientProfile& profile);

// Whether the scenario file is one of these: it has a table [federation]. Throws InputError when it cannot be read as
// TOML.
bool is_federation(const std::filesystem::path& file);

// Throws InputError as load_scenario, also where two settings contradict each other.
Federation load_federation(const std::filesystem::path& file);

}  // namespace outrider::simulations
