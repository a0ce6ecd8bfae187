// A model trained in rounds by real daemons: everybody learns what no client has alone, whoever is killed meanwhile.
#include <gmock/gmock.h>

#include "client/model_predictor.h"
#include "knowledge/error.h"
#include "tests/daemons.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kThree{"t-shirt", "trouser", "bag"};

Outcome define_model(const std::filesystem::path& file, const std::string& strategy,
                     const std::string& architecture = "lenet5") {
  return run({"model", "--architecture", architecture, "--classes", "t-shirt", "trouser", "bag", "--mean", "0.286",
              "--deviation", "0.353", "--batch", "20", "--epochs", "2", "--strategy", strategy, "--output",
              file.string()});
}

// Of the model that a client has; 0 while it has none.
std::uint64_t round_of(const std::filesystem::path& state) {
  try {
    return client::ModelPredictor(*open_store_read_only(state)).round();
  } catch (const InputError&) {
    return 0;
  }
}

double accuracy_of(const std::filesystem::path& state) {
  client::ModelPredictor predictor(*open_store_read_only(state));
  double correct = 0;
  double all = 0;
  for (const std::string& name : kThree)
    for (const std::size_t picture : pictures_of(name, 200, 40)) {
      const auto pixels = fashion().image(picture);
      const Image image{fashion().shape, {pixels.begin(), pixels.end()}};
      correct += predictor.predict(image).class_name == name;
      ++all;
    }
  return correct / all;
}

TEST(RoundsOfTraining, TeachEverybodyWhatNoneHasAlone) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(define_model(model, "fedavgm rate 1 momentum 0.5").exit_code, 0);
  const std::vector<std::string> rounds{"--pretrained", model, "--cohort",        "2",
                                        "--minimum",    "2",   "--round-seconds", "20"};
  auto aggregator = std::make_unique<Process>(site.start_aggregator("tcp://127.0.0.1:*", rounds));
  show(site.data("a"), "t-shirt", pictures_of("t-shirt", 0, 40));
  show(site.data("a"), "trouser", pictures_of("trouser", 0, 40));
  show(site.data("b"), "trouser", pictures_of("trouser", 40, 40));
  show(site.data("b"), "bag", pictures_of("bag", 0, 40));
  const Process a = site.start_client("a");
  auto b = std::make_unique<Process>(site.start_client("b"));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("a")) >= 3; })) << a.errors();
  aggregator->send(SIGKILL);
  aggregator.reset();
  const std::uint64_t before = round_of(site.state("a"));
  aggregator = std::make_unique<Process>(site.start_aggregator(site.address(), rounds));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("a")) >= before + 2; })) << aggregator->errors();
  b.reset();  // killed
  b = std::make_unique<Process>(site.start_client("b", {"--precision", "int8"}));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("b")) >= before + 12; })) << b->errors();
  EXPECT_GT(accuracy_of(site.state("a")), 0.8);
  EXPECT_GT(accuracy_of(site.state("b")), 0.8);
}

// A megabyte, so models and updates travel in parts.
TEST(RoundsOfTraining, LargeModelsArriveWhoeverIsKilled) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(define_model(model, "fedavg", "lenet-300-100").exit_code, 0);
  const std::vector<std::string> rounds{"--pretrained", model, "--cohort", "1", "--minimum", "1"};
  auto aggregator = std::make_unique<Process>(site.start_aggregator("tcp://127.0.0.1:*", rounds));
  for (const std::string& name : kThree) show(site.data("a"), name, pictures_of(name, 0, 20));
  auto client = std::make_unique<Process>(site.start_client("a"));
  for (int kill = 0; kill < 3; ++kill) {
    const std::uint64_t before = round_of(site.state("a"));
    ASSERT_TRUE(eventually([&] { return round_of(site.state("a")) > before; })) << client->errors();
    if (kill % 2 == 0) {
      client.reset();
      client = std::make_unique<Process>(site.start_client("a"));
    } else {
      aggregator->send(SIGKILL);
      aggregator.reset();
      aggregator = std::make_unique<Process>(site.start_aggregator(site.address(), rounds));
    }
  }
  const std::uint64_t before = round_of(site.state("a"));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("a")) >= before + 3; })) << aggregator->errors();
  std::size_t parts = 0;
  open_store_read_only(site.state("a"))->scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts; });
  EXPECT_GE(parts, 5U);
}

TEST(RoundsOfTraining, AModelThatMakesNoSenseIsNotDefined) {
  Site site;
  const std::filesystem::path file = site.path("model.outrider");
  expect_complaint(define_model(file, "fedavg rate -1"), kFailure, {"rate"});
  expect_complaint(define_model(file, "best"), kFailure, {"'best'", "fedavg"});
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace outrider::testing
