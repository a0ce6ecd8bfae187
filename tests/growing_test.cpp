// Two clients' networks grow into one, by real daemons: both know the classes of both, whoever is killed meanwhile.
#include <gmock/gmock.h>

#include "client/families/growing/growing_predictor.h"
#include "knowledge/error.h"
#include "tests/daemons.h"
#include "tests/fashion.h"
#include "tests/mistakes.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using client::GrowthStage;

const std::vector<std::string> kFour{"t-shirt", "trouser", "bag", "ankle-boot"};
constexpr std::size_t kShown = 100;  // pictures of each class
constexpr std::size_t kFew = 20;
constexpr std::size_t kJudged = 100;  // others

Outcome define_growing(const std::filesystem::path& file, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"model",  "--growing", "--architecture", "conv4",       "--width",  "0.125",
                                     "--mean", "0.286",     "--deviation",    "0.353",       "--batch",  "20",
                                     "--rate", "0.05",      "--output",       file.string(), "--classes"};
  arguments.insert(arguments.end(), kFour.begin(), kFour.end());
  arguments.insert(arguments.end(), {"--epochs", "10", "--crossing-epochs", "10", "--crossing-rate", "0.05"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(arguments);
}

// Of the network that a client answers with; nothing while there is none.
std::optional<GrowthStage> stage_of(const std::filesystem::path& state) {
  try {
    return client::GrowingPredictor(*open_store_read_only(state)).stage();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

double accuracy_of_grown(const std::filesystem::path& state) {
  client::GrowingPredictor predictor(*open_store_read_only(state));
  double correct = 0;
  for (const std::string& name : kFour)
    for (const std::size_t picture : pictures_of(name, 2 * kShown, kJudged)) {
      const auto pixels = fashion().image(picture);
      correct += predictor.predict({fashion().shape, {pixels.begin(), pixels.end()}}).class_name == name;
    }
  return correct / static_cast<double>(kFour.size() * kJudged);
}

TEST(NetworksThatGrow, TeachBothClientsWhatNeitherHasAlone) {
  Site site;
  const std::string model = site.path("model.outrider").string();
  ASSERT_EQ(define_growing(model).exit_code, 0);
  auto aggregator = std::make_unique<Process>(site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", model}));
  for (const std::size_t i : {0U, 1U}) show(site.data("a"), kFour[i], pictures_of(kFour[i], 0, kShown));
  for (const std::size_t i : {2U, 3U}) show(site.data("b"), kFour[i], pictures_of(kFour[i], 0, kShown));

  auto a = std::make_unique<Process>(site.start_client("a", {"--grow"}));
  ASSERT_TRUE(eventually([&] { return stage_of(site.state("a")) == GrowthStage::own; })) << a->errors();
  EXPECT_LE(accuracy_of_grown(site.state("a")), 0.5);  // two classes of four
  a.reset();                                           // killed, and so is the aggregator
  aggregator->send(SIGKILL);
  aggregator.reset();
  aggregator = std::make_unique<Process>(site.start_aggregator(site.address()));

  auto b = std::make_unique<Process>(site.start_client("b"));
  ASSERT_TRUE(eventually([&] { return stage_of(site.state("b")).has_value(); })) << b->errors();
  b.reset();  // killed, whether it has heard of the growth or not
  b = std::make_unique<Process>(site.start_client("b"));
  a = std::make_unique<Process>(site.start_client("a", {"--grow"}));
  ASSERT_TRUE(eventually([&] {
    const auto stage = stage_of(site.state("a"));
    return stage == GrowthStage::grown || stage == GrowthStage::crossed;
  })) << a->errors();
  a.reset();  // killed again, most likely while it trains the crossings
  aggregator->send(SIGKILL);
  aggregator.reset();
  aggregator = std::make_unique<Process>(site.start_aggregator(site.address()));
  a = std::make_unique<Process>(site.start_client("a", {"--grow"}));

  for (const char* client : {"a", "b"})
    ASSERT_TRUE(eventually([&] { return stage_of(site.state(client)) == GrowthStage::crossed; }))
        << client << a->errors() << b->errors() << aggregator->errors();
  // Crossings from two classes may favour these; a few pictures of what it knows from the other client mend that.
  for (const std::size_t i : {2U, 3U}) show(site.data("a"), kFour[i], pictures_of(kFour[i], kShown, kFew));
  for (const char* client : {"a", "b"}) {
    EXPECT_TRUE(eventually([&] { return accuracy_of_grown(site.state(client)) > 0.85; }))
        << client << " " << accuracy_of_grown(site.state(client)) << a->errors();
  }
  // What others do not have the memory for.
  const Process c = site.start_client("c", {"--grow", "--memory", "1000"});
  for (const std::size_t i : {0U, 3U}) show(site.data("c"), kFour[i], pictures_of(kFour[i], kShown, 20));
  EXPECT_TRUE(eventually([&] { return c.errors().find("takes") != std::string::npos; })) << c.errors();
  EXPECT_EQ(stage_of(site.state("c")), GrowthStage::crossed);

  show(site.path("pictures"), "bag", pictures_of("bag", 300, 1));
  std::string picture;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(site.path("pictures")))
    if (entry.is_regular_file()) picture = entry.path().string();
  const Outcome answer = run({"predict", "--state", site.state("a").string(), picture});
  EXPECT_EQ(answer.exit_code, 0) << answer.errors;
  EXPECT_THAT(answer.output, ::testing::HasSubstr("probability"));
}

TEST(NetworksThatGrow, AreNotDefinedWhereTheyMakeNoSense) {
  Site site;
  const std::filesystem::path file = site.path("model.outrider");
  expect_complaint(define_growing(file, {"--crossings", "best"}), kFailure, {"'best'", "orthogonal"});
  expect_complaint(define_growing(file, {"--parts", "1"}), kFailure, {"parts"});
  expect_complaint(define_growing(file, {"--templates", "0"}), kFailure, {"templates"});
  expect_complaint(run({"model", "--parts", "2", "--classes", "a", "b", "--output", file.string()}), kUsage,
                   {"--growing"});
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace outrider::testing
