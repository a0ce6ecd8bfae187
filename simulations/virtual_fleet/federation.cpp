#include "simulations/virtual_fleet/federation.h"

#include <algorithm>
#include <array>

#include "learners/encoders/encoder.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

constexpr std::array<std::string_view, 3> kFederationMethods{"federated", "alone", "central"};
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

SettingList settings_of_gaussians(Gaussians& gaussians) {
  return {
      integer_setting("classes", gaussians.classes, 2, 65'536, "each with a centre of its own").required(),
      integer_setting("dimension", gaussians.dimension, 1, 65'536, "of the points"),
      integer_setting("examples", gaussians.examples, 2, 10'000'000, "in all, to learn from; a quarter more to test"),
      integer_setting("encoder_bytes", gaussians.encoder_bytes, 1, static_cast<std::int64_t>(Encoder::kMaxBytes),
                      "of the stand-in for an encoder that clients fetch")};
}

void check_gaussians(const TomlReader& reader, const Gaussians& gaussians) {
  if (gaussians.examples < gaussians.classes)
    complain_about_either(reader, "examples", fmt::format("at least {}: each class needs one", gaussians.classes),
                          "classes", fmt::format("at most {}, the number of examples", gaussians.examples));
  if (gaussians.examples > kMostGaussianValues / gaussians.dimension)
    complain_about_either(
        reader, "examples",
        fmt::format("at most {} for embeddings of that dimension", kMostGaussianValues / gaussians.dimension),
        "dimension", fmt::format("at most {}", kMostGaussianValues / gaussians.examples));
}

SettingList settings_of_plan(FederationPlan& plan) {
  return {
      integer_setting("clients", plan.clients, 1, 100'000, "how many; with all their rendezvous at most 100 million"),
      integer_setting("rendezvous", plan.rendezvous, 1, 10'000, "of each client: its mission has as many steps"),
      number_setting("hours_between", plan.hours_between, 0.001, kHoursOfAYear,
                     "hours from one step to the next; a rendezvous is at a random moment of its step"),
      integer_setting("classes_at_once", plan.classes_at_once, 0, 1'000'000,
                      "new classes with each step, in a random order; 0: all with the first"),
      number_setting("withdrawals", plan.withdrawals, 0, 1,
                     "chance, at each rendezvous, that a client takes back a class that it has taught"),
      integer_setting("clients_measured", plan.clients_measured, 1, 100'000,
                      "of which the method alone is the mean, at most"),
      integer_setting("test_pictures", plan.test_pictures, 0, 1'000'000, "of each class; 0: all")};
}

void check_plan(const TomlReader& reader, const FederationPlan& plan) {
  if (plan.rendezvous > kMostSteps / plan.clients)
    complain_about_either(reader, "rendezvous",
                          fmt::format("at most {} with that many clients", kMostSteps / plan.clients), "clients",
                          fmt::format("at most {} with that many rendezvous", kMostSteps / plan.rendezvous));
}

void read_profile(TomlReader& reader, std::vector<ClientProfile>& profiles) {
  ClientProfile profile;
  read_settings(reader, settings_of(profile));
  const bool known = std::ranges::find(profiles, profile.name, &ClientProfile::name) != profiles.end();
  if (known && !reader.has("name")) reader.require("name");
  if (known || profile.name.empty()) reader.complain("name", "a text that no other profile has");
  if (profile.available_from == profile.available_until)
    complain_about_either(reader, "available_until", "another hour than available_from", "available_from",
                          "another hour than available_until");
  profiles.push_back(std::move(profile));
}

SettingList settings_of_network(NetworkPlan& network) {
  return {number_setting("loss", network.loss, 0, 0.99, "chance that a message is lost"),
          number_setting("duplication", network.duplication, 0, 1, "chance that it arrives twice"),
          choice_setting("delay", kDelays, network.delay,
                         "uniform between the two below, or exponential, lognormal or pareto from the shortest on"),
          integer_setting("shortest_delay_ms", network.shortest_delay_ms, 0, 86'400'000, "milliseconds"),
          integer_setting("longest_delay_ms", network.longest_delay_ms, 0, 86'400'000,
                          "milliseconds; longer ones are cut; different delays reorder"),
          number_setting("partitions_per_hour", network.partitions_per_hour, 0, 3600,
                         "how often a share of the clients does not reach the aggregator"),
          number_setting("partition_minutes", network.partition_minutes, 0.001, 1e6, "how long"),
          number_setting("partition_share", network.partition_share, 0, 1, "which share of the clients")};
}

void check_network(const TomlReader& reader, const NetworkPlan& network) {
  if (network.shortest_delay_ms > network.longest_delay_ms)
    complain_about_either(
        reader, "longest_delay_ms", fmt::format("at least the shortest delay, {} ms", network.shortest_delay_ms),
        "shortest_delay_ms", fmt::format("at most the longest delay, {} ms", network.longest_delay_ms));
}

SettingList settings_of_crashes(CrashPlan& crashes) {
  return {number_setting("clients_per_hour", crashes.clients_per_hour, 0, 3600, "crashes of each client"),
          number_setting("aggregator_per_hour", crashes.aggregator_per_hour, 0, 3600,
                         "crashes of the aggregator; half of them in the middle of a write"),
          number_setting("full_disks_per_hour", crashes.full_disks_per_hour, 0, 3600,
                         "commits of the aggregator that fail")};
}

SettingList settings_of_admission(AdmissionRules& admission) {
  return {
      integer_setting("most_pictures", admission.most_pictures, 1, static_cast<std::int64_t>(kContributedLimits.count),
                      "of a class, that one client may say it has; more is refused"),
      integer_setting("most_classes", admission.most_classes, 1, 1'000'000,
                      "that one client may teach; more are refused"),
      flag_setting("open_base", admission.open_base, "clients weigh in base classes as in others"),
      flag_setting("trust_alone", admission.trust_alone,
                   "classes that one client alone teaches are trusted, however many")};
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

bool is_federation(const std::filesystem::path& file) {
  return TomlFile(file).root().contains("federation");
}

SettingList settings_of(ClientProfile& profile) {
  return {
      text_setting("name", profile.name, "for the report; different for each"),
      number_setting("share", profile.share, 0, 1e6, "relative to the other profiles' shares"),
      number_setting("pictures_per_second", profile.pictures_per_second, 0.001, 1e9, "that it learns"),
      number_setting("kilobits_per_second", profile.kilobits_per_second, 0, 1e9, "of its link, each way; 0: no limit"),
      number_setting("available_from", profile.available_from, 0, 24, "hour of the day; a span may go past midnight"),
      number_setting("available_until", profile.available_until, 0, 24, "hour of the day"),
      number_setting("clock_drift_ppm", profile.clock_drift_ppm, 0, 100'000,
                     "its clock goes wrong by up to so many millionths, either way"),
      number_setting("clock_jump_seconds", profile.clock_jump_seconds, 0, 1e9,
                     "its clock is off by up to this at every start"),
      flag_setting("dishonest", profile.dishonest, "it sends what an honest client never would"),
      flag_setting("hostile", profile.hostile,
                   "its words are nasty, and beside it somebody says nasty words, numbers and sizes in thousands of "
                   "names"),
      flag_setting("lies", profile.lies, "its device is sound, and says of classes what is not true")};
}

SettingTables settings_of(Federation& federation) {
  const bool gaussian = federation.data.kind == kGaussians;
  SettingTable pretraining = pretraining_table(federation.pretraining);
  pretraining.is_there = !gaussian;
  SettingTable profiles{.name = "profile",
                        .meaning =
                            "What a share of the clients is like; one table for each kind, by names that "
                            "differ. Without any, all clients are as the defaults say.",
                        .elements = {},
                        .is_list = true};
  for (ClientProfile& profile : federation.profiles) profiles.elements.push_back(settings_of(profile));
  return {
      {.name = "",
       .meaning = "",
       .elements = {{name_setting(federation.name), title_setting(federation.title), seeds_setting(federation.seeds),
                     choices_setting("methods", kFederationMethods, federation.methods,
                                     "federated: what is merged; alone: single clients; central: all pictures at "
                                     "one place")
                         .by_default("all three"),
                     flag_setting("swarm", federation.swarm,
                                  "every seed turns each kind of fault off, on or down: for finding defects with "
                                  "many seeds")}}},
      data_table(federation.data),
      {.name = "gaussians",
       .meaning = "Only for data.kind = \"gaussians\": points around a centre for each class, where the exchange "
                  "alone matters. Then there is no [pretraining].",
       .elements = {settings_of_gaussians(federation.gaussians)},
       .is_there = gaussian},
      std::move(pretraining),
      {.name = "federation", .meaning = "", .elements = {settings_of_plan(federation.plan)}},
      {.name = "partition",
       .meaning = "How the training pictures are divided among the clients.",
       .elements = {partition_settings("kind", federation.partition)}},
      std::move(profiles),
      {.name = "network",
       .meaning = "Each message's fate is drawn independently.",
       .elements = {settings_of_network(federation.network)}},
      {.name = "crashes",
       .meaning = "Means per hour; the moments are random. A crash loses what was not committed.",
       .elements = {settings_of_crashes(federation.crashes)}},
      {.name = "admission",
       .meaning = "What the aggregator takes and how it weighs it: docs/poison.md.",
       .elements = {settings_of_admission(federation.admission)}}};
}

Federation load_federation(const std::filesystem::path& path) {
  const TomlFile file(path);
  Federation federation;
  const SettingTables tables = settings_of(federation);
  read_root(file, tables);
  file.read_tables(tables, [&](const std::string& table, const TomlReader& reader) {
    if (table == "gaussians") check_gaussians(reader, federation.gaussians);
    if (table == "federation") check_plan(reader, federation.plan);
    if (table == "partition") check_partition(reader, "partition.kind", federation.partition);
    if (table == "network") check_network(reader, federation.network);
  });
  file.tables("profile", [&](TomlReader& reader) { read_profile(reader, federation.profiles); });
  check_source(file, federation);
  check_profiles(file, federation.profiles);
  return federation;
}

}  // namespace outrider::simulations
