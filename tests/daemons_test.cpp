// An aggregator and clients from the command line: they find each other, stop when asked to, and go on where they were.
#include "tests/daemons.h"

#include <csignal>
#include <optional>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

void expect_clean_stop(Process& daemon, int signal) {
  daemon.send(signal);
  const auto outcome = daemon.wait(5s);
  ASSERT_TRUE(outcome) << "still running; it said: " << daemon.errors();
  EXPECT_EQ(outcome->exit_code, 0) << outcome->errors;
  EXPECT_THAT(outcome->errors, HasSubstr(signal == SIGINT ? "stopping on ctrl-C" : "stopping on SIGTERM"));
}

class StopsOn : public ::testing::TestWithParam<int> {};

TEST_P(StopsOn, BothDaemonsWithExitCodeZero) {
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return site.knows_class("sneaker"); })) << client.errors();
  expect_clean_stop(client, GetParam());
  EXPECT_TRUE(eventually([&] { return !site.client_status("ann")->connected; }, 2s)) << "it said no goodbye";
  expect_clean_stop(aggregator, GetParam());
}

TEST_P(StopsOn, AClientThatHasNeverFoundItsAggregator) {
  Site site;
  site.set_address("tcp://127.0.0.1:1");
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return client.errors().find("looks for tcp://127.0.0.1:1") != std::string::npos; }));
  expect_clean_stop(client, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Signals, StopsOn, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& signal) { return signal.param == SIGINT ? "SigInt" : "SigTerm"; });

TEST(Daemons, ResumeFromTheirStateAndContributeNothingAgain) {
  Site site;
  protocol::Status before;
  {
    Process aggregator = site.start_aggregator_with_encoder();
    show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 8));
    show(site.data("ann"), "coat", pictures_of("coat", 0, 8));
    Process client = site.start_client("ann");
    ASSERT_TRUE(eventually([&] { return site.knows_class("sneaker") && site.knows_class("coat"); }));
    ASSERT_TRUE(eventually([&] { return site.caught_up("ann"); }));
    before = site.status();
    expect_clean_stop(client, SIGINT);
    expect_clean_stop(aggregator, SIGTERM);
  }
  Process aggregator = site.start_aggregator(site.address());  // the encoder is in its state
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return site.caught_up("ann"); })) << client.errors();
  rest(2500ms);  // two looks at the data folder
  const protocol::Status after = site.status();
  EXPECT_EQ(after.aggregator, before.aggregator);
  EXPECT_EQ(after.definition, before.definition);
  EXPECT_EQ(after.revision, before.revision);
  ASSERT_EQ(after.clients.size(), 1u);
  EXPECT_EQ(after.clients[0].client, before.clients[0].client);
  EXPECT_EQ(after.clients[0].highest_decided, before.clients[0].highest_decided);
  EXPECT_EQ(after.topics.size(), kBaseClasses + 2);
  EXPECT_EQ(pictures_known(site.state("ann"), "sneaker"), 8u);
  EXPECT_EQ(pictures_known(site.state("ann"), "coat"), 8u);
  EXPECT_THAT(client.errors(), Not(HasSubstr("learned")));
}

TEST(Daemons, ACopyOfAStateOnAnotherDeviceIsToldAndChangesNothing) {
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  for (const bool running : {false, true}) {
    std::optional<Process> client(site.start_client("ann"));
    ASSERT_TRUE(eventually([&] { return site.caught_up("ann") && site.knows_class("sneaker"); })) << client->errors();
    if (!running) expect_clean_stop(*client, SIGINT);
    const std::string copy = running ? "bob" : "cid";
    std::filesystem::copy(site.state("ann"), site.state(copy), std::filesystem::copy_options::recursive);
    if (!running) client.emplace(site.start_client("ann"));
    ASSERT_TRUE(eventually([&] { return site.caught_up("ann"); })) << client->errors();
    show(site.data(copy), "sneaker", pictures_of("coat", 0, 7));
    Process other = site.start_client(copy);
    const auto outcome = other.wait(20s);
    ASSERT_TRUE(outcome) << other.errors();
    EXPECT_EQ(outcome->exit_code, 1);
    EXPECT_THAT(outcome->errors, HasSubstr("this state is a copy of one that is in use"));
    EXPECT_THAT(aggregator.errors(), HasSubstr("a copy of the state of ann"));
    rest(1500ms);
    EXPECT_TRUE(client->running());
    EXPECT_EQ(pictures_known(site.state("ann"), "sneaker"), 5U);
    expect_clean_stop(*client, SIGINT);
  }
}

using Definition = std::vector<std::string>;

// What clients learn with, of each kind, and others that could be given by mistake.
class ForAWholeFleet : public ::testing::TestWithParam<std::pair<const char*, std::pair<Definition, Definition>>> {};

TEST_P(ForAWholeFleet, AnotherDefinitionMustBeMeant) {
  Site site;
  const auto defined = [&](const std::string& name, Definition arguments) {
    const std::string file = site.path(name).string();
    arguments.insert(arguments.end(), {"--output", file});
    EXPECT_EQ(run(arguments).exit_code, 0);
    return file;
  };
  const std::string own = defined("own.outrider", GetParam().second.first);
  const std::string other = defined("other.outrider", GetParam().second.second);
  std::string before;
  {
    Process aggregator = site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", own});
    before = site.status().definition.hex();
    expect_clean_stop(aggregator, SIGINT);
  }
  {
    Process again = site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", own});  // the same one is no other
    expect_clean_stop(again, SIGINT);
  }
  const Outcome outcome = run({"aggregator", "--state", site.path("aggregator").string(), "--listen",
                               "tcp://127.0.0.1:*", "--pretrained", other});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("add --replace"));
  EXPECT_THAT(outcome.errors, HasSubstr(before.substr(0, 8)));
  {
    Process as_it_was = site.start_aggregator("tcp://127.0.0.1:*");
    EXPECT_EQ(site.status().definition.hex(), before);
    expect_clean_stop(as_it_was, SIGINT);
  }
  const Process replaced = site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", other, "--replace"});
  EXPECT_NE(site.status().definition.hex(), before);
}

Definition encoder_of(const std::string& seed) {
  return {"pretrain",   "--kind", "fashion-mnist", "--classes", "bag",       "coat", "shirt", "--way", "2",
          "--episodes", "0",      "--seed",        seed,        "--threads", "1"};
}

INSTANTIATE_TEST_SUITE_P(
    Definitions, ForAWholeFleet,
    ::testing::Values(
        std::pair{"Encoder", std::pair{encoder_of("1"), encoder_of("99")}},
        std::pair{"BaseNetwork", std::pair{Definition{"base"}, Definition{"base", "--seed", "9"}}},
        std::pair{"Model", std::pair{Definition{"model", "--classes", "a", "b"},
                                     Definition{"model", "--classes", "a", "b", "c"}}},
        std::pair{"GrowingModel", std::pair{Definition{"model", "--growing", "--classes", "a", "b"},
                                            Definition{"model", "--growing", "--classes", "a", "b", "--seed", "9"}}},
        std::pair{"ModelInsteadOfEncoder", std::pair{encoder_of("1"), Definition{"model", "--classes", "a", "b"}}},
        std::pair{"EncoderInsteadOfBaseNetwork", std::pair{Definition{"base"}, encoder_of("1")}}),
    [](const auto& kind) { return std::string(kind.param.first); });

TEST(Daemons, AClientWaitsForItsAggregatorAndConnectsLater) {
  Site site;
  {
    Process aggregator = site.start_aggregator();  // only for an address that is free
    expect_clean_stop(aggregator, SIGINT);
  }
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("ann");
  rest(1500ms);
  ASSERT_TRUE(client.running()) << client.errors();
  Process aggregator = site.start_aggregator_with_encoder();
  EXPECT_TRUE(eventually([&] { return site.knows_class("sneaker"); }, 40s)) << client.errors();
  EXPECT_TRUE(client.running());
}

TEST(Daemons, MorePicturesOfAClassAreAddedToWhatIsKnown) {
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("ann");
  ASSERT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 5; })) << client.errors();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 5, 4));
  EXPECT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 9; })) << client.errors();
  EXPECT_EQ(pictures_known(site.state("ann"), "bag"), kBasePictures);
}

TEST(Daemons, ANewcomerWithoutPicturesLearnsEverythingFromTheOthers) {
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  show(site.data("bob"), "sneaker", pictures_of("sneaker", 5, 7));
  show(site.data("bob"), "dress", pictures_of("dress", 0, 6));
  Process ann = site.start_client("ann");
  Process bob = site.start_client("bob");
  const auto all = [&](const std::string& client) {
    return pictures_known(site.state(client), "sneaker") == 12 && pictures_known(site.state(client), "dress") == 6;
  };
  ASSERT_TRUE(eventually([&] { return all("ann") && all("bob"); })) << ann.errors() << bob.errors();
  Process newcomer = site.start_client("cyd");
  ASSERT_TRUE(eventually([&] { return all("cyd"); })) << newcomer.errors();
  EXPECT_EQ(pictures_known(site.state("cyd")).size(), kBaseClasses + 2);
  EXPECT_EQ(pictures_known(site.state("cyd")), pictures_known(site.state("ann")));
  EXPECT_EQ(number(site.client_status("cyd")->highest_decided), 0u);
}

TEST(Status, ShowsClientsClassesAndTheRevisionToPeopleAndPrograms) {
  Site site;
  Process aggregator = site.start_aggregator_with_encoder();
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("ann", {"--memory", "64MB"});
  ASSERT_TRUE(eventually([&] { return site.knows_class("sneaker") && site.caught_up("ann"); })) << client.errors();
  const protocol::Status expected = site.status();

  const Outcome text = run({"status", "--aggregator", site.address()});
  ASSERT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output, HasSubstr("revision " + std::to_string(number(expected.revision)) + " "));
  for (const char* word : {"ann", "sneaker", "t-shirt", "trouser", "bag", "yes", "64 MB", "unlimited"})
    EXPECT_THAT(text.output, HasSubstr(word));
  EXPECT_THAT(text.output, HasSubstr(expected.definition.brief()));

  const Outcome json = run({"status", "--json", "--aggregator", site.address()});
  ASSERT_EQ(json.exit_code, 0) << json.errors;
  const nlohmann::json status = nlohmann::json::parse(json.output);
  EXPECT_EQ(status.at("revision"), number(expected.revision));
  EXPECT_EQ(status.at("encoder"), expected.definition.hex());
  ASSERT_EQ(status.at("clients").size(), 1u);
  EXPECT_EQ(status.at("clients")[0].at("name"), "ann");
  EXPECT_EQ(status.at("clients")[0].at("connected"), true);
  EXPECT_EQ(status.at("clients")[0].at("undelivered"), 0);
  EXPECT_EQ(status.at("clients")[0].at("memory_bytes"), 64'000'000);
  EXPECT_TRUE(status.at("clients")[0].at("operations_per_second").is_null());
  EXPECT_EQ(status.at("clients")[0].at("contributions_decided"), 1);
  EXPECT_EQ(status.at("clients")[0].at("replica_revision"), number(expected.revision));
  std::vector<std::string> classes;
  for (const auto& entry : status.at("classes")) classes.push_back(entry.at("class"));
  EXPECT_THAT(classes, ::testing::UnorderedElementsAre("t-shirt", "trouser", "bag", "sneaker"));
}

}  // namespace
}  // namespace outrider::testing
