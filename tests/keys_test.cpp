// Beyond this machine everything is encrypted, and only who has the aggregator's key gets in.
#include <gmock/gmock.h>

#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// As seen from this machine.
std::string on_loopback(std::string address) {
  const std::string everywhere = "0.0.0.0";
  return address.replace(address.find(everywhere), everywhere.size(), "127.0.0.1");
}

class Keys : public ::testing::Test {
 protected:
  Keys() : aggregator(site.start_aggregator("tcp://0.0.0.0:*", {"--pretrained", site.encoder().string()})) {
    printed = site.address();
    site.set_address(on_loopback(printed));
  }

  Site site;
  Process aggregator;
  std::string printed;
};

TEST_F(Keys, AreInTheAddressThatTheAggregatorPrintsAndLetAClientIn) {
  EXPECT_THAT(printed, MatchesRegex("tcp://0\\.0\\.0\\.0:[0-9]+#[0-9a-f]+"));
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
  rest(1s);
  EXPECT_TRUE(client.running());
  EXPECT_TRUE(pictures_known(site.state("eve")).empty());
  site.set_address(right);
  EXPECT_FALSE(site.client_status("eve"));
  EXPECT_FALSE(site.knows_class("sneaker"));
}

TEST_F(Keys, AClientThatHasNoneDoesNotGetIn) {
  const std::string right = site.address();
  site.set_address(right.substr(0, right.find('#')));  // plain is allowed on loopback: the aggregator has to refuse
  Process client = site.start_client("eve");
  EXPECT_TRUE(eventually([&] {
    return client.errors().find("is it an Outrider that takes clients without keys?") != std::string::npos;
  })) << client.errors();
  site.set_address(right);
  EXPECT_FALSE(site.client_status("eve"));
}

}  // namespace
}  // namespace outrider::testing
