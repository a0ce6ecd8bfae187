#include "simulations/virtual_fleet/federation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulations/scenario/test_scenario_file.h"

namespace outrider::simulations {
namespace {

using ::testing::ElementsAre;

constexpr const char* kFederationOfPictures = "name = 'x'\n[data]\nkind = 'mnist'\n[federation]\n";
constexpr const char* kFederationOfPoints = "name = 'x'\n[data]\nkind = 'gaussians'\n[gaussians]\nclasses = 4\n";

using FederationFile = ScenarioFileTest<load_federation>;

TEST_F(FederationFile, DefaultsStandWhereNothingIsSaid) {
  const Federation federation = load(kFederationOfPictures);
  EXPECT_EQ(federation.name, "x");
  EXPECT_THAT(federation.seeds, ElementsAre(1u));
  EXPECT_THAT(federation.methods,
              ElementsAre(FederationMethod::federated, FederationMethod::alone, FederationMethod::central));
  EXPECT_EQ(federation.plan.clients, FederationPlan{}.clients);
  EXPECT_EQ(federation.partition.kind, PartitionKind::iid);
  ASSERT_EQ(federation.profiles.size(), 1u);
  EXPECT_EQ(federation.profiles[0].available_until, 24);
  EXPECT_EQ(federation.gaussians.classes, 0u);
  EXPECT_FALSE(federation.swarm);
}

TEST_F(FederationFile, EverythingCanBeSaid) {
  const Federation federation = load(R"(
name = "all"
title = "All that can be said"
seeds = [3, 1]
methods = ["central", "federated"]
swarm = true
[data]
kind = "fsdd"
path = "somewhere"
[pretraining]
classes = ["0", "1"]
episodes = 7
[federation]
clients = 5000
rendezvous = 12
hours_between = 0.5
classes_at_once = 2
withdrawals = 0.01
clients_measured = 20
test_pictures = 30
[partition]
kind = "quantity"
alpha = 0.2
pictures_per_client = 40
[[profile]]
name = "camera"
share = 3
pictures_per_second = 12.5
kilobits_per_second = 64
available_from = 22
available_until = 6
clock_drift_ppm = 50
clock_jump_seconds = 3600
[[profile]]
name = "intruder"
dishonest = true
[[profile]]
name = "vandal"
hostile = true
[[profile]]
name = "liar"
lies = true
[network]
loss = 0.1
duplication = 0.2
delay = "pareto"
shortest_delay_ms = 5
longest_delay_ms = 60000
partitions_per_hour = 0.5
partition_minutes = 2
partition_share = 0.25
[crashes]
clients_per_hour = 1
aggregator_per_hour = 0.1
full_disks_per_hour = 0.2
[admission]
most_pictures = 500
most_classes = 30
open_base = true
trust_alone = true
)");
  EXPECT_THAT(federation.methods, ElementsAre(FederationMethod::central, FederationMethod::federated));
  EXPECT_TRUE(federation.swarm);
  EXPECT_EQ(federation.pretraining.episodes, 7u);
  EXPECT_EQ(federation.plan.clients, 5000u);
  EXPECT_EQ(federation.plan.hours_between, 0.5);
  EXPECT_EQ(federation.plan.withdrawals, 0.01);
  EXPECT_EQ(federation.partition.kind, PartitionKind::quantity);
  EXPECT_EQ(federation.partition.alpha, 0.2);
  EXPECT_EQ(federation.partition.pictures_per_client, 40u);
  ASSERT_EQ(federation.profiles.size(), 4u);
  EXPECT_EQ(federation.profiles[0].available_from, 22);
  EXPECT_EQ(federation.profiles[0].kilobits_per_second, 64);
  EXPECT_TRUE(federation.profiles[1].dishonest);
  EXPECT_FALSE(federation.profiles[1].hostile);
  EXPECT_TRUE(federation.profiles[2].hostile);
  EXPECT_FALSE(federation.profiles[2].lies);
  EXPECT_TRUE(federation.profiles[3].lies);
  EXPECT_EQ(federation.admission.most_pictures, 500u);
  EXPECT_EQ(federation.admission.most_classes, 30u);
  EXPECT_TRUE(federation.admission.open_base);
  EXPECT_TRUE(federation.admission.trust_alone);
  EXPECT_EQ(federation.network.delay, Delay::pareto);
  EXPECT_EQ(federation.network.longest_delay_ms, 60'000u);
  EXPECT_EQ(federation.network.partition_share, 0.25);
  EXPECT_EQ(federation.crashes.full_disks_per_hour, 0.2);
}

TEST_F(FederationFile, MayHaveGaussiansInsteadOfPictures) {
  const Federation federation =
      load(std::string(kFederationOfPoints) + "dimension = 3\nexamples = 100\nencoder_bytes = 10\n");
  EXPECT_EQ(federation.gaussians.classes, 4u);
  EXPECT_EQ(federation.gaussians.dimension, 3u);
  EXPECT_EQ(federation.gaussians.examples, 100u);
  EXPECT_EQ(federation.gaussians.encoder_bytes, 10u);
}

TEST_F(FederationFile, IsKnownByItsFederation) {
  std::ofstream(file_) << kFederationOfPictures;
  EXPECT_TRUE(is_federation(file_));
  std::ofstream(file_) << "name = 'x'\n[data]\nkind = 'mnist'\n";
  EXPECT_FALSE(is_federation(file_));
  EXPECT_THAT([&] { is_federation(directory_.path() / "nothing.toml"); }, ::testing::Throws<InputError>());
}

TEST_F(FederationFile, MistakesAreNamedWithTheLineAndWhatIsExpected) {
  const std::string pictures = kFederationOfPictures;
  expect_complaint("name = 'x'\nfederation = 3\n[data]\nkind = 'mnist'\n", 2, {"federation must be a table"});
  expect_complaint(pictures + "robots = 3\n", 5, {"federation has no key 'robots'", "clients"});
  expect_complaint(pictures + "clients = 0\n", 5, {"federation.clients", "from 1 to 100000"});
  expect_complaint(pictures + "hours_between = 0\n", 5, {"federation.hours_between", "from 0.001"});
  expect_complaint(pictures + "withdrawals = 1.5\n", 5, {"federation.withdrawals", "from 0 to 1"});
  expect_complaint(pictures + "[partition]\nkind = 'even'\n", 6, {"partition.kind", "iid, dirichlet, shards"});
  expect_complaint(pictures + "[partition]\nkind = 7\n", 6, {"partition.kind", "iid, dirichlet, shards"});
  expect_complaint(pictures + "[network]\nloss = 1\n", 6, {"network.loss", "0 to 0.99"});
  expect_complaint(pictures + "[network]\ndelay = 'long'\n", 6, {"network.delay", "lognormal"});
  expect_complaint(pictures + "[crashes]\nclients_per_hour = -1\n", 6, {"crashes.clients_per_hour", "from 0"});
  expect_complaint(pictures + "[profile]\nshare = 1\n", 5, {"profile must be", "[[profile]]"});
  expect_complaint(pictures + "[[profile]]\nname = 'a'\n[[profile]]\ncolour = 'red'\n", 8, {"no key 'colour'"});
  expect_complaint("methods = ['magic']\n" + pictures, 1, {"methods", "federated, alone, central"});
  expect_complaint("methods = []\n" + pictures, 1, {"methods"});
  expect_complaint("methods = ['alone', 'alone']\n" + pictures, 1, {"methods", "different"});
  expect_complaint("swarm = 1\n" + pictures, 1, {"swarm", "true or false"});
  expect_complaint("seed = 1\n" + pictures, 1, {"no key 'seed'", "seeds"});
}

TEST_F(FederationFile, SettingsThatContradictEachOtherAreRefused) {
  const std::string pictures = kFederationOfPictures;
  expect_complaint(pictures + "[partition]\nalpha = 1\n", 6, {"partition.alpha", "dirichlet or quantity"});
  expect_complaint(pictures + "[partition]\nkind = 'iid'\nshards_per_client = 1\n", 7, {"shards_per_client", "shards"});
  expect_complaint(pictures + "[network]\nshortest_delay_ms = 300\n", 6, {"network.shortest_delay_ms", "200 ms"});
  expect_complaint(pictures + "[network]\nshortest_delay_ms = 9\nlongest_delay_ms = 3\n", 7, {"at least", "9 ms"});
  expect_complaint(pictures + "[[profile]]\navailable_from = 24\n", 6, {"profile.available_from", "another hour"});
  expect_complaint(pictures + "[[profile]]\nshare = 0\n", 5, {"profile", "share above 0"});
  expect_complaint(pictures + "[[profile]]\nname = 'a'\n[[profile]]\nname = 'a'\n", 8, {"profile.name", "no other"});
  expect_complaint(pictures + "[[profile]]\n[[profile]]\n", 6, {"profile needs the key 'name'"});
  expect_complaint(pictures + "clients = 100000\nrendezvous = 1001\n", 6, {"federation.rendezvous", "at most 1000"});
  expect_complaint(pictures + "[gaussians]\nclasses = 3\n", 5, {"gaussians must be left out"});
}

TEST_F(FederationFile, GaussiansHaveNothingThatPicturesHave) {
  const std::string points = kFederationOfPoints;
  expect_complaint("name = 'x'\n[data]\nkind = 'gaussians'\n", 2, {"[gaussians]"});
  expect_complaint("name = 'x'\n[data]\nkind = 'gaussians'\n[gaussians]\n", 4, {"gaussians needs the key 'classes'"});
  expect_complaint("name = 'x'\n[data]\nkind = 'gaussians'\npath = 'x'\n[gaussians]\nclasses = 3\n", 2, {"path"});
  expect_complaint(points + "[pretraining]\nepisodes = 1\n", 6, {"pretraining", "left out"});
  expect_complaint(points + "[partition]\nkind = 'natural'\n", 6, {"partition", "natural"});
  expect_complaint(points + "[federation]\nclients = 1001\n", 4, {"gaussians", "1001 examples"});
  expect_complaint(points + "examples = 3\n", 6, {"gaussians.examples", "at least 4"});
  expect_complaint(points + "examples = 1000000\ndimension = 1000\n", 6, {"gaussians.examples", "at most 268435"});
}

}  // namespace
}  // namespace outrider::simulations
