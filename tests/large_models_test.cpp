// A model of 146 MB, trained in rounds by the real programs over a link that is cut every second or so, whoever is
// killed meanwhile.
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "client/families/averaging/model_predictor.h"
#include "protocol/address.h"
#include "tests/bad_link.h"
#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

// The link on a thread of its own, since tests of daemons wait by sleeping.
class LinkInBackground {
 public:
  LinkInBackground(std::uint16_t target, double bytes_per_second, std::chrono::milliseconds uptime)
      : link_(io_, target, bytes_per_second, uptime), address_("tcp://127.0.0.1:" + std::to_string(link_.port())) {}
  ~LinkInBackground() { stop(); }
  LinkInBackground(const LinkInBackground&) = delete;
  LinkInBackground& operator=(const LinkInBackground&) = delete;

  const std::string& address() const { return address_; }
  // Ends it and returns how often it was cut.
  int stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    return link_.cuts();
  }

 private:
  boost::asio::io_context io_;
  BadLink link_;
  std::string address_;
  std::jthread thread_{[this] { io_.run(); }};
};

bool said_by(const Process& program, const std::string& words) {
  return program.errors().find(words) != std::string::npos;
}

std::size_t bytes_of_payloads(const std::filesystem::path& state) {
  std::size_t bytes = 0;
  open_store_read_only(state)->scan(Column::parts, {}, [&](ByteView, ByteView part) { bytes += part.size(); });
  return bytes;
}

TEST(LargeModels, AreTrainedOverALinkThatIsCutAgainAndAgain) {
  constexpr std::size_t kModelBytes = 36'473'000 * sizeof(float);
  Site site;
  const std::string model = site.path("model.outrider").string();
  const Outcome defined = run({"model", "--architecture", "wrn-28-10", "--input", "1x8x8", "--classes", "bag", "coat",
                               "--steps", "1", "--batch", "2", "--output", model});
  ASSERT_EQ(defined.exit_code, 0) << defined.errors;
  const std::vector<std::string> rounds{"--pretrained", model, "--cohort", "1", "--minimum", "1", "--history", "1MB"};
  auto aggregator = std::make_unique<Process>(site.start_aggregator("tcp://127.0.0.1:*", rounds));
  const std::string listening = site.address();
  LinkInBackground link(*protocol::Address::parse(listening).port, 100e6, 1500ms);
  for (const std::string name : {"bag", "coat"}) show(site.data("ann"), name, pictures_of(name, 0, 2));

  const auto client_at_link = [&] {
    site.set_address(link.address());
    auto client = std::make_unique<Process>(site.start_client("ann"));
    site.set_address(listening);
    return client;
  };
  auto client = client_at_link();
  rest(1s);  // the first model is on its way
  client.reset();
  client = client_at_link();
  ASSERT_TRUE(eventually([&] { return said_by(*client, "trained round 0 "); }, 60s)) << client->errors();
  rest(700ms);  // an update is on its way
  aggregator.reset();
  aggregator = std::make_unique<Process>(site.start_aggregator(listening, rounds));
  ASSERT_TRUE(eventually([&] { return said_by(*aggregator, "is over with 1 updates"); }, 60s))
      << aggregator->errors() << client->errors();
  ASSERT_TRUE(eventually([&] { return said_by(*client, "trained round 1 "); }, 60s)) << client->errors();
  aggregator.reset();
  client.reset();

  EXPECT_GE(link.stop(), 5);
  EXPECT_GE(client::ModelPredictor(*open_store_read_only(site.state("ann"))).round(), 1U);
  // One update and one record, and at most another update that is on its way.
  EXPECT_GE(bytes_of_payloads(site.path("aggregator")), 2 * kModelBytes);
  EXPECT_LT(bytes_of_payloads(site.path("aggregator")), 4 * kModelBytes);
}

}  // namespace
}  // namespace outrider::testing
