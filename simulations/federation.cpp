#include "simulations/federation.h"

#include <algorithm>
#include <array>

#include "learners/encoders/encoder.h"
#include "simulations/scenario_file.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 3> kFederationMethods{"federated", "alone", "central"};
constexpr std::array<std::string_view, 5> kPartitions{"iid", "dirichlet", "shards", "quantity", "natural"};
constexpr std::array<std::string_view, 4> kDelays{"uniform", "exponential", "lognormal", "pareto"};

constexpr double kHoursOfAYear = 8766;
constexpr std::size_t kMostSteps = 100'000'000;                    // of all clients
constexpr std::size_t kMostGaussianValues = std::size_t{1} << 28;  // a gigabyte

// About whichever of two keys the file has: together they make no sense.
[[noreturn]] void complain_about_either(const TomlReader& reader, const std::string& key, const std::string& expected,
                                        const std::string& other, const std::string& other_expected) {
  if (reader.has(key)) reader.complain(key, expected);
  reader.complain(other, other_expected);
}

void read_federation_root(const TomlFile& file, Federation& federation) {
  TomlReader reader(file.root(), file.path(), "the scenario");
  read_name(reader, federation.name);
  reader.require("data");
  reader.read("title", federation.title);
  reader.read_integers("seeds", federation.seeds, 0, INT64_MAX);
  reader.read_choices("methods", kFederationMethods, federation.methods);
  reader.read("swarm", federation.swarm);
  for (const char* table :
       {"data", "gaussians", "pretraining", "federation", "partition", "profile", "network", "crashes", "admission"})
    reader.know(table);
  reader.finish();
}

void read_gaussians(TomlReader& reader, Gaussians& gaussians) {
  reader.require("classes");
  reader.read_integer("classes", gaussians.classes, 2, 65'536);
  reader.read_integer("dimension", gaussians.dimension, 1, 65'536);
  reader.read_integer("examples", gaussians.examples, 2, 10'000'000);
  reader.read_integer("encoder_bytes", gaussians.encoder_bytes, 1, static_cast<std::int64_t>(Encoder::kMaxBytes));
  if (gaussians.examples < gaussians.classes)
    complain_about_either(reader, "examples", fmt::format("at least {}: each class needs one", gaussians.classes),
                          "classes", fmt::format("at most {}, the number of examples", gaussians.examples));
  if (gaussians.examples > kMostGaussianValues / gaussians.dimension)
    complain_about_either(
        reader, "examples",
        fmt::format("at most {} for embeddings of that dimension", kMostGaussianValues / gaussians.dimension),
        "dimension", fmt::format("at most {}", kMostGaussianValues / gaussians.examples));
}

void read_plan(TomlReader& reader, FederationPlan& plan) {
  reader.read_integer("clients", plan.clients, 1, 100'000);
  reader.read_integer("rendezvous", plan.rendezvous, 1, 10'000);
  if (plan.rendezvous > kMostSteps / plan.clients)
    complain_about_either(reader, "rendezvous",
                          fmt::format("at most {} with that many clients", kMostSteps / plan.clients), "clients",
                          fmt::format("at most {} with that many rendezvous", kMostSteps / plan.rendezvous));
  reader.read_number("hours_between", plan.hours_between, 0.001, kHoursOfAYear);
  reader.read_integer("classes_at_once", plan.classes_at_once, 0, 1'000'000);
  reader.read_number("withdrawals", plan.withdrawals, 0, 1);
  reader.read_integer("clients_measured", plan.clients_measured, 1, 100'000);
  reader.read_integer("test_pictures", plan.test_pictures, 0, 1'000'000);
}

void read_profile(TomlReader& reader, std::vector<ClientProfile>& profiles) {
  ClientProfile profile;
  reader.read("name", profile.name);
  reader.read_number("share", profile.share, 0, 1e6);
  reader.read_number("pictures_per_second", profile.pictures_per_second, 0.001, 1e9);
  reader.read_number("kilobits_per_second", profile.kilobits_per_second, 0, 1e9);
  reader.read_number("available_from", profile.available_from, 0, 24);
  reader.read_number("available_until", profile.available_until, 0, 24);
  reader.read_number("clock_drift_ppm", profile.clock_drift_ppm, 0, 100'000);
  reader.read_number("clock_jump_seconds", profile.clock_jump_seconds, 0, 1e9);
  reader.read("dishonest", profile.dishonest);
  reader.read("hostile", profile.hostile);
  reader.read("lies", profile.lies);
  const bool known = std::ranges::find(profiles, profile.name, &ClientProfile::name) != profiles.end();
  if (known && !reader.has("name")) reader.require("name");
  if (known || profile.name.empty()) reader.complain("name", "a text that no other profile has");
  if (profile.available_from == profile.available_until)
    complain_about_either(reader, "available_until", "another hour than available_from", "available_from",
                          "another hour than available_until");
  profiles.push_back(std::move(profile));
}

void read_network_plan(TomlReader& reader, NetworkPlan& network) {
  reader.read_number("loss", network.loss, 0, 0.99);
  reader.read_number("duplication", network.duplication, 0, 1);
  reader.read_choice("delay", kDelays, network.delay);
  reader.read_integer("shortest_delay_ms", network.shortest_delay_ms, 0, 86'400'000);
  reader.read_integer("longest_delay_ms", network.longest_delay_ms, 0, 86'400'000);
  reader.read_number("partitions_per_hour", network.partitions_per_hour, 0, 3600);
  reader.read_number("partition_minutes", network.partition_minutes, 0.001, 1e6);
  reader.read_number("partition_share", network.partition_share, 0, 1);
  if (network.shortest_delay_ms > network.longest_delay_ms)
    complain_about_either(
        reader, "longest_delay_ms", fmt::format("at least the shortest delay, {} ms", network.shortest_delay_ms),
        "shortest_delay_ms", fmt::format("at most the longest delay, {} ms", network.longest_delay_ms));
}

void read_crashes(TomlReader& reader, CrashPlan& crashes) {
  reader.read_number("clients_per_hour", crashes.clients_per_hour, 0, 3600);
  reader.read_number("aggregator_per_hour", crashes.aggregator_per_hour, 0, 3600);
  reader.read_number("full_disks_per_hour", crashes.full_disks_per_hour, 0, 3600);
}

void read_admission(TomlReader& reader, AdmissionRules& admission) {
  reader.read_integer("most_pictures", admission.most_pictures, 1, static_cast<std::int64_t>(kContributedLimits.count));
  reader.read_integer("most_classes", admission.most_classes, 1, 1'000'000);
  reader.read("open_base", admission.open_base);
  reader.read("trust_alone", admission.trust_alone);
}

// What one table says must fit the others.
void check_source(const TomlFile& file, const Federation& federation) {
  const bool gaussian = federation.data.kind == kGaussians;
  const toml::table& root = file.root();
  if (!gaussian && root.contains("gaussians"))
    file.complain("gaussians", fmt::format("left out unless data.kind is \"{}\"", kGaussians));
  if (!gaussian) return;
  if (!root.contains("gaussians"))
    file.complain("data", fmt::format("accompanied by a table [gaussians] when its kind is \"{}\"", kGaussians));
  if (root.contains("pretraining"))
    file.complain("pretraining", "left out where the data are gaussians: there is no encoder to train");
  if (!federation.data.path.empty()) file.complain("data", "without a path when its kind is \"gaussians\"");
  if (federation.partition.kind == PartitionKind::natural)
    file.complain("partition", "of another kind than natural: gaussians have no authors");
  if (federation.gaussians.examples < federation.plan.clients)
    file.complain("gaussians", fmt::format("of at least {} examples, one for each client", federation.plan.clients));
}

void check_profiles(const TomlFile& file, std::vector<ClientProfile>& profiles) {
  if (profiles.empty()) profiles.emplace_back();
  if (std::ranges::all_of(profiles, [](const ClientProfile& profile) { return profile.share == 0; }))
    file.complain("profile", "a list of tables of which one has a share above 0");
}

}  // namespace

std::string_view name_of(FederationMethod method) {
  return kFederationMethods[static_cast<std::size_t>(method)];
}

void read_partition(TomlReader& reader, const std::string& kind, const std::string& called, PartitionPlan& partition) {
  reader.read_choice(kind, kPartitions, partition.kind);
  reader.read_number("alpha", partition.alpha, 0.001, 1e6);
  reader.read_integer("shards_per_client", partition.shards_per_client, 1, 10'000);
  reader.read_integer("pictures_per_client", partition.pictures_per_client, 0, 1'000'000);
  const bool has_alpha = partition.kind == PartitionKind::dirichlet || partition.kind == PartitionKind::quantity;
  if (reader.has("alpha") && !has_alpha)
    reader.complain("alpha", fmt::format("left out unless {} is dirichlet or quantity", called));
  if (reader.has("shards_per_client") && partition.kind != PartitionKind::shards)
    reader.complain("shards_per_client", fmt::format("left out unless {} is shards", called));
}

std::string_view name_of(PartitionKind kind) {
  return kPartitions[static_cast<std::size_t>(kind)];
}

bool is_federation(const std::filesystem::path& file) {
  return TomlFile(file).root().contains("federation");
}

Federation load_federation(const std::filesystem::path& path) {
  const TomlFile file(path);
  Federation federation;
  read_federation_root(file, federation);
  read_data(file, federation.data);
  file.table("gaussians", [&](TomlReader& reader) { read_gaussians(reader, federation.gaussians); });
  file.table("pretraining", [&](TomlReader& reader) { read_pretraining(reader, federation.pretraining); });
  file.table("federation", [&](TomlReader& reader) { read_plan(reader, federation.plan); });
  file.table("partition",
             [&](TomlReader& reader) { read_partition(reader, "kind", "partition.kind", federation.partition); });
  file.tables("profile", [&](TomlReader& reader) { read_profile(reader, federation.profiles); });
  file.table("network", [&](TomlReader& reader) { read_network_plan(reader, federation.network); });
  file.table("crashes", [&](TomlReader& reader) { read_crashes(reader, federation.crashes); });
  file.table("admission", [&](TomlReader& reader) { read_admission(reader, federation.admission); });
  check_source(file, federation);
  check_profiles(file, federation.profiles);
  return federation;
}

}  // namespace outrider::simulations
