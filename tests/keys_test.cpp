// Beyond this machine everything is encrypted, and only who has the aggregator's key gets in.
#include <regex>

#include <gmock/gmock.h>

#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// What it prints is used as it is, though it listens everywhere.
class Keys : public ::testing::Test {
 protected:
  explicit Keys(const std::string& listen = "tcp://0.0.0.0:*")
      : aggregator(site.start_aggregator(listen, {"--pretrained", site.encoder().string()})), printed(site.address()) {}

  Site site;
  Process aggregator;
  std::string printed;
};

class KeysOfAll : public Keys {
 protected:
  KeysOfAll() : Keys("tcp://*:*") {}
};

TEST_F(KeysOfAll, EachPrintedAddressCanBeUsedAsItIs) {
  const std::string log = aggregator.errors();
  const std::regex line("outrider client --aggregator '([^']+)'");
  int addresses = 0;
  for (std::sregex_iterator found(log.begin(), log.end(), line), end; found != end; ++found, ++addresses) {
    const Outcome status = run({"status", "--aggregator", (*found)[1]});
    EXPECT_EQ(status.exit_code, 0) << status.errors;
    if (addresses == 0) {
      EXPECT_EQ((*found)[1], printed) << "the first is the one in the file";
    }
  }
  EXPECT_GE(addresses, 1);
  EXPECT_EQ(printed.find('*'), std::string::npos);
}

TEST_F(Keys, AreInTheAddressThatTheAggregatorPrintsAndLetAClientIn) {
  EXPECT_THAT(printed, MatchesRegex("tcp://[0-9.]+:[0-9]+#[0-9a-f]+"));
  EXPECT_THAT(printed, Not(HasSubstr("0.0.0.0")));
  EXPECT_EQ(printed.size() - printed.find('#'), 65u);
  EXPECT_THAT(aggregator.errors(), HasSubstr("outrider client --aggregator '" + printed + "'"));
  show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("ann");
  EXPECT_TRUE(eventually([&] { return pictures_known(site.state("ann"), "sneaker") == 5; })) << client.errors();
  const Outcome status = run({"status", "--aggregator", site.address()});
  EXPECT_EQ(status.exit_code, 0) << status.errors;
  EXPECT_THAT(status.output, HasSubstr("sneaker"));
}

TEST_F(Keys, AClientWithAWrongOneIsToldSoAndStaysOutside) {
  const std::string right = site.address();
  site.set_address(right.substr(0, right.find('#') + 1) + std::string(64, 'a'));
  show(site.data("eve"), "sneaker", pictures_of("sneaker", 0, 5));
  Process client = site.start_client("eve");
  EXPECT_TRUE(eventually([&] {
    return client.errors().find("is the key in the address really its key?") != std::string::npos;
  })) << client.errors();
  const Outcome status = run({"status", "--aggregator", site.address()});
  EXPECT_EQ(status.exit_code, 1);
  EXPECT_THAT(status.errors, HasSubstr("is the key in the address really its key?"));
  EXPECT_TRUE(eventually([&] { return aggregator.errors().find("refused a connection from") != std::string::npos; }))
      << aggregator.errors();
  rest(1s);
  EXPECT_TRUE(client.running());
  EXPECT_TRUE(pictures_known(site.state("eve")).empty());
  site.set_address(right);
  EXPECT_FALSE(site.client_status("eve"));
  EXPECT_FALSE(site.knows_class("sneaker"));
}

TEST_F(Keys, AClientThatHasNoneDoesNotGetIn) {
  const std::string right = site.address();
  // Plain is allowed on loopback: the aggregator has to refuse.
  const std::string port = right.substr(right.rfind(':'), right.find('#') - right.rfind(':'));
  site.set_address("tcp://127.0.0.1" + port);
  Process client = site.start_client("eve");
  EXPECT_TRUE(eventually([&] {
    return client.errors().find("is it an Outrider that takes clients without keys?") != std::string::npos;
  })) << client.errors();
  site.set_address(right);
  EXPECT_FALSE(site.client_status("eve"));
}

}  // namespace
}  // namespace outrider::testing
