// A model trained in rounds by real daemons: everybody learns what no client has alone, whoever is killed meanwhile.
#include <gmock/gmock.h>

#include "client/daemon/traffic_record.h"
#include "client/families/averaging/model_predictor.h"
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

// Of the part of the model that a client has; 0 while it has none.
double width_of(const std::filesystem::path& state) {
  try {
    return client::ModelPredictor(*open_store_read_only(state)).width();
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

// Whatever a round would wait for by its time alone is longer than this test.
TEST(RoundsOfTraining, WaitForNobodyWhoHasLeftOrCannotTrain) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(define_model(model, "fedavg").exit_code, 0);
  const Process aggregator = site.start_aggregator(
      "tcp://127.0.0.1:*", {"--pretrained", model, "--cohort", "3", "--minimum", "2", "--round-seconds", "3600"});
  for (const char* name : {"a", "b"}) show(site.data(name), "bag", pictures_of("bag", 0, 20));
  const Process empty = site.start_client("empty");
  const Process a = site.start_client("a");
  auto b = std::make_unique<Process>(site.start_client("b"));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("a")) >= 3; })) << aggregator.errors();
  EXPECT_THAT(empty.errors() + empty.output(), ::testing::HasSubstr("it is told not to wait"));
  show(site.data("empty"), "trouser", pictures_of("trouser", 0, 20));
  ASSERT_TRUE(eventually([&] { return (empty.errors() + empty.output()).find("trained round") != std::string::npos; }))
      << empty.errors();
  b->send(SIGTERM);  // says goodbye
  b->wait(20s);
  const std::uint64_t before = round_of(site.state("a"));
  EXPECT_TRUE(eventually([&] { return round_of(site.state("a")) >= before + 3; })) << aggregator.errors();
}

TEST(RoundsOfTraining, EndAndTheBestModelAnswers) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(define_model(model, "fedavgm rate 1 momentum 0.5").exit_code, 0);
  const Process aggregator = site.start_aggregator(
      "tcp://127.0.0.1:*", {"--pretrained", model, "--cohort", "2", "--minimum", "2", "--rounds", "6"});
  for (const std::string& name : kThree) {
    show(site.data("a"), name, pictures_of(name, 0, 60));
    show(site.data("b"), name, pictures_of(name, 60, 60));
  }
  const Process a = site.start_client("a");
  const Process b = site.start_client("b");
  const auto said = [](const Process& process) { return process.errors() + process.output(); };
  for (const Process* process : {&aggregator, &a, &b})
    ASSERT_TRUE(eventually([&] {
      return said(*process).find("training is over: 6 rounds are done") != std::string::npos;
    })) << said(*process);
  EXPECT_THAT(said(aggregator), ::testing::HasSubstr("held-out pictures of 2 clients, the best so far"));
  EXPECT_THAT(said(aggregator), ::testing::HasSubstr("its update of round 2"));
  EXPECT_GT(accuracy_of(site.state("a")), 0.8);
  const client::ModelPredictor predictor(*open_store_read_only(site.state("a")));
  EXPECT_EQ(predictor.round(), 7U);
  EXPECT_LE(predictor.served_round(), 6U);
  EXPECT_GE(predictor.served_round(), 1U);
}

TEST(RoundsOfTraining, NumbersThatCannotBeAreRefusedAtTheStart) {
  Site site;
  const Outcome outcome = run({"aggregator", "--state", site.path("aggregator").string(), "--listen",
                               "tcp://127.0.0.1:*", "--cohort", "2", "--minimum", "5"});
  expect_complaint(outcome, kFailure, {"rounds ask 2 clients and need 5 updates", "minimum"});
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(define_model(model, "krum 1").exit_code, 0);
  expect_complaint(run({"aggregator", "--state", site.path("aggregator").string(), "--listen", "tcp://127.0.0.1:*",
                        "--pretrained", model, "--cohort", "8", "--minimum", "4"}),
                   kFailure, {"with 4 updates", "needs 5 or more"});
}

// The small one trains a quarter of the channels. (Layers of normalisation see other values in a part than in the
// whole: fedbn.)
TEST(RoundsOfTraining, ASmallDeviceTrainsAPartOfTheModel) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(run({"model",  "--architecture", "conv4",       "--classes",  "t-shirt",       "trouser",  "bag",
                 "--mean", "0.286",          "--deviation", "0.353",      "--batch",       "128",      "--steps",
                 "6",      "--rate",         "0.1",         "--strategy", "fedavg; fedbn", "--output", model})
                .exit_code,
            0);
  const Process aggregator =
      site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", model, "--cohort", "2", "--minimum", "2"});
  for (const std::string& name : kThree) {
    show(site.data("wide"), name, pictures_of(name, 0, name == "bag" ? 10 : 40));
    show(site.data("narrow"), name, pictures_of(name, 40, 40));
  }
  auto wide = std::make_unique<Process>(site.start_client("wide"));
  auto narrow = std::make_unique<Process>(site.start_client("narrow", {"--memory", "24MB", "--compute", "2GFLOPS"}));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("narrow")) >= 5; })) << narrow->errors();
  EXPECT_LT(narrow->peak_bytes() + (std::size_t{30} << 20), wide->peak_bytes());
  EXPECT_EQ(site.client_status("narrow")->capacity, (Capacity{24'000'000, 2'000'000'000}));
  ASSERT_TRUE(eventually([&] { return round_of(site.state("wide")) >= 5; })) << wide->errors();
  for (Process* client : {wide.get(), narrow.get()}) {
    client->send(SIGTERM);
    ASSERT_TRUE(client->wait(20s));
  }
  EXPECT_EQ(width_of(site.state("wide")), 1);
  EXPECT_EQ(width_of(site.state("narrow")), 0.25);
  EXPECT_GT(accuracy_of(site.state("wide")), 0.8);
  EXPECT_GT(accuracy_of(site.state("narrow")), 0.8);
  const auto traffic = [&](const std::string& name) {
    return client::load_traffic(*open_store_read_only(site.state(name)));
  };
  EXPECT_LT(5 * traffic("narrow").received, traffic("wide").received);
  EXPECT_LT(5 * traffic("narrow").sent, traffic("wide").sent);
  // On a better device it gets the whole.
  narrow = std::make_unique<Process>(site.start_client("narrow"));
  EXPECT_TRUE(eventually([&] { return width_of(site.state("narrow")) == 1; })) << narrow->errors();
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
