// Adding a family takes a folder and one line on each side: shown with real daemons, sockets and stores.
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ToyFamily : public ::testing::Test {
 protected:
  Process start_aggregator(const std::vector<std::string>& more = {}) {
    std::filesystem::remove(site_.path("address"));
    std::vector<std::string> arguments{"aggregator", "--state",           site_.path("aggregator").string(),
                                       "--listen",   "tcp://127.0.0.1:*", "--heartbeat",
                                       "1",          "--address-file",    site_.path("address").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Process aggregator(OUTRIDER_TOY_PROGRAM, std::move(arguments));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(site_.path("address")); })) << aggregator.errors();
    const std::string address = text_of_file(site_.path("address"));
    site_.set_address(address.substr(0, address.find('\n')));
    return aggregator;
  }
  std::vector<std::string> client_arguments(const std::string& name) {
    std::filesystem::create_directories(site_.data(name));
    return {"client",
            "--aggregator",
            site_.address(),
            "--data",
            site_.data(name).string(),
            "--state",
            site_.state(name).string(),
            "--name",
            name};
  }
  Process start_client(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = client_arguments(name);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {OUTRIDER_TOY_PROGRAM, std::move(arguments)};
  }
  std::uint64_t counted(const std::string& name) const {
    for (const protocol::TopicStatus& topic : site_.status().topics)
      if (topic.topic.kind == "counter" && topic.topic.subject == name) return topic.examples;
    return 0;
  }

  Site site_;
};

TEST_F(ToyFamily, CountsThroughRealDaemonsAndComesBackAfterAKill) {
  std::optional<Process> aggregator(start_aggregator({"--pretrained", "counter"}));
  show(site_.data("ann"), "bag", pictures_of("bag", 0, 3));
  show(site_.data("ann"), "coat", pictures_of("coat", 0, 2));
  show(site_.data("bob"), "coat", pictures_of("coat", 2, 2));
  Process ann = start_client("ann");
  Process bob = start_client("bob", {"--count-each", "10"});  // an option of its own
  ASSERT_TRUE(eventually([&] { return counted("bag") == 3 && counted("coat") == 22; })) << ann.errors();
  ASSERT_TRUE(eventually([&] { return site_.caught_up("ann") && site_.caught_up("bob"); }));
  const std::string picture = (site_.data("ann") / "bag").string();
  const Outcome told =
      run_program(OUTRIDER_TOY_PROGRAM, {"predict", "--state", site_.state("ann").string(), "--json", picture});
  EXPECT_EQ(told.exit_code, 0) << told.errors;
  EXPECT_THAT(told.output, HasSubstr("\"class\":\"coat\""));

  aggregator->send(SIGKILL);
  ASSERT_TRUE(aggregator->wait(10s));
  aggregator.emplace(start_aggregator());  // at another port: its clients do not find it, its state is whole
  EXPECT_EQ(counted("bag"), 3U);
  EXPECT_EQ(counted("coat"), 22U);
}

TEST_F(ToyFamily, ItsOptionsRefuseWithASentence) {
  const Process aggregator = start_aggregator({"--pretrained", "counter", "--most-counted", "2"});
  show(site_.data("ann"), "bag", pictures_of("bag", 0, 3));
  const Process ann = start_client("ann");
  EXPECT_TRUE(eventually([&] { return ann.errors().find("'bag' has more than 2 pictures") != std::string::npos; }))
      << ann.errors();
}

TEST_F(ToyFamily, AProgramThatDoesNotKnowItSaysSo) {
  std::optional<Process> aggregator(start_aggregator({"--pretrained", "counter"}));
  show(site_.data("ann"), "bag", pictures_of("bag", 0, 1));
  const Process ordinary(client_arguments("ann"));
  const auto says = [&](const std::string& sentence) { return ordinary.errors().find(sentence) != std::string::npos; };
  EXPECT_TRUE(eventually([&] { return says("learn with is of the kind 'counter', and this program knows"); }))
      << ordinary.errors();
  EXPECT_THAT(run({"predict", "--state", site_.state("ann").string(), site_.data("ann").string()}).errors,
              HasSubstr("of the kind 'counter'"));
  aggregator->send(SIGTERM);
  ASSERT_TRUE(aggregator->wait(10s));
  const Outcome server = run({"aggregator", "--state", site_.path("aggregator").string(), "--listen",
                              "tcp://127.0.0.1:*", "--pretrained", site_.encoder().string()});
  EXPECT_EQ(server.exit_code, 1);
  EXPECT_THAT(server.errors, HasSubstr("add --replace"));
}

TEST_F(ToyFamily, AnAggregatorThatIsWrongAboutItselfStopsWithASentenceAndItsStateWhole) {
  std::optional<Process> aggregator(start_aggregator({"--pretrained", "counter"}));
  show(site_.data("ann"), "bag", pictures_of("bag", 0, 3));
  {
    const Process ann = start_client("ann");
    ASSERT_TRUE(eventually([&] { return counted("bag") == 3; })) << ann.errors();
    show(site_.data("ann"), "break the aggregator", pictures_of("coat", 0, 1));
    const auto outcome = aggregator->wait(30s);
    ASSERT_TRUE(outcome) << aggregator->errors();
    EXPECT_EQ(outcome->exit_code, 1);
    EXPECT_THAT(outcome->errors, AllOf(HasSubstr("a mistake in Outrider itself"),
                                       HasSubstr("nobody teaches what this test breaks (tests/toy_family/"),
                                       HasSubstr("before anything of it was written")));
  }
  aggregator.emplace(start_aggregator());
  EXPECT_EQ(counted("bag"), 3U);
  EXPECT_EQ(site_.status().topics.size(), 1U);
}

}  // namespace
}  // namespace outrider::testing
