// States that an earlier version froze, and hostile names between the programs as they are.
#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "learners/data/image.h"
#include "learners/data/image_folder.h"
#include "tests/daemons.h"

namespace outrider::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kPatience{40};
const std::vector<std::string> kShortSearch{"--weight-epochs", "0", "--mask-epochs", "1", "--least-steps", "5"};

fs::path fixture(const std::string& name) {
  return fs::path(OUTRIDER_SOURCES) / "tests/fixtures/frozen_states" / name;
}

class FrozenStatesTest : public ::testing::Test {
 protected:
  void unpack(const std::string& name) {
    const Outcome unpacked =
        run_program("/bin/tar", {"-xzf", fixture(name + ".tar.gz").string(), "-C", site_.path("").string()});
    ASSERT_EQ(unpacked.exit_code, 0) << unpacked.errors;
  }
  // Pictures whose squares have this brightness.
  void pictures(const fs::path& folder, int level, int side, int count = 3) {
    fs::create_directories(folder);
    for (int number = 0; number < count; ++number) {
      std::vector<std::uint8_t> pixels;
      for (int i = 0; i < side * side; ++i)
        pixels.push_back(
            static_cast<std::uint8_t>((i / side / 4 + i % side / 4) % 2 == number % 2 ? level : 9 * number));
      save_png(folder / (std::to_string(number) + ".png"), {1, side, side}, pixels);
    }
  }
  std::vector<std::string> classes() const {
    std::vector<std::string> names;
    for (const auto& topic : site_.status().topics) names.push_back(topic.topic.subject);
    return names;
  }
  bool know(const std::vector<std::string>& names) const {
    return eventually(
        [&] { return std::ranges::all_of(names, [&](const auto& name) { return site_.knows_class(name); }); },
        kPatience);
  }
  nlohmann::json predicted(const fs::path& state, const fs::path& picture, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"predict", "--state", state.string(), "--json", picture.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return nlohmann::json::parse(outcome.output, nullptr, false);
  }

  Site site_;
};

TEST_F(FrozenStatesTest, AClientWithUnfitClassesContributesAgainWhileTheirFoldersAreStillThere) {
  unpack("name_cut_inside_a_character");
  unpack("classes_with_unfit_names");
  pictures(site_.data("first") / "boo\nt", 160, 12);
  pictures(site_.data("first") / "caf\xE9", 220, 12);
  pictures(site_.data("first") / "lamp", 30, 12);
  for (const char* name : {"boo\nt", "caf\xE9", "lamp"})
    EXPECT_FALSE(predicted(site_.state("first"), site_.data("first") / name / "0.png").is_discarded());
  Process aggregator = site_.start_aggregator();
  Process client = site_.start_client("first");
  EXPECT_TRUE(know({"bag", "lamp", "zebra", "sock"})) << client.errors();
  EXPECT_TRUE(eventually([&] { return site_.caught_up("first"); }, kPatience)) << client.errors();
  EXPECT_EQ(classes().size(), 6U) << "two base classes, three of this client's and one of another's";
  EXPECT_THAT(client.errors(), HasSubstr("boo\\nt"));
  EXPECT_THAT(client.errors(), HasSubstr("caf\\xE9"));
  EXPECT_THAT(client.errors(), Not(HasSubstr("did not send")));
  client.send(SIGTERM);
  client.wait(kPatience);
  EXPECT_FALSE(predicted(site_.state("first"), site_.data("first") / "boo\nt" / "0.png").is_discarded());
}

TEST_F(FrozenStatesTest, ANameThatWasCutInsideACharacterNoLongerSilencesStatus) {
  unpack("name_cut_inside_a_character");
  Process aggregator = site_.start_aggregator();
  const protocol::Status status = site_.status();
  EXPECT_EQ(status.clients.size(), 2U);
  const Outcome shown = run({"status", "--aggregator", site_.address(), "--json"});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  EXPECT_EQ(nlohmann::json::parse(shown.output)["clients"].size(), 2U);
}

TEST_F(FrozenStatesTest, ABaseClassWithAnUnfitNameIsLeftOutAndTheRestIsHandedOut) {
  unpack("base_class_with_an_unfit_name");
  const std::string file = fixture("base_class_with_an_unfit_name.outrider").string();
  Process aggregator = site_.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", file});
  EXPECT_THAT(aggregator.errors(), HasSubstr("'b\\nc' is left out"));
  EXPECT_EQ(classes(), (std::vector<std::string>{"coat", "trouser"}));
  pictures(site_.data("new") / "lamp", 30, 12);
  Process client = site_.start_client("new");
  EXPECT_TRUE(know({"lamp"})) << client.errors();
  EXPECT_TRUE(eventually([&] { return pictures_known(site_.state("new"), "coat") > 0; }, kPatience));
  EXPECT_FALSE(predicted(site_.state("new"), site_.data("new") / "lamp" / "0.png").is_discarded());
}

TEST_F(FrozenStatesTest, ANewAggregatorDoesNotTakeABaseClassWithAnUnfitName) {
  const std::string file = fixture("base_class_with_an_unfit_name.outrider").string();
  const Outcome refused = run({"aggregator", "--state", site_.path("aggregator").string(), "--listen",
                               "tcp://127.0.0.1:*", "--pretrained", file});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.errors, HasSubstr("the base knowledge on 'b\\nc'"));
}

TEST_F(FrozenStatesTest, ATaskWithAnUnfitClassPoisonsNobody) {
  unpack("task_with_an_unfit_class");
  unpack("task_client_that_was_refused");
  unpack("task_client_with_an_unfit_class");
  for (const char* name : {"boot", "clog"})
    pictures(site_.data("honest") / "shoes" / name, name[0] == 'b' ? 60 : 200, 8);
  for (const char* name : {"cap", "fez"}) pictures(site_.data("honest") / "hats" / name, name[0] == 'c' ? 60 : 200, 8);
  for (const char* name : {"boo\nt", "boot", "clog"})
    pictures(site_.data("hostile") / "shoes" / name, name[0] == 'b' ? 60 : 200, 8);
  Process aggregator = site_.start_aggregator();
  EXPECT_EQ(classes(), std::vector<std::string>{"hats"});
  Process honest = site_.start_client("honest", kShortSearch);
  EXPECT_TRUE(know({"shoes", "hats"})) << honest.errors();
  EXPECT_TRUE(eventually([&] { return site_.caught_up("honest"); }, kPatience)) << honest.errors();
  Process hostile = site_.start_client("hostile", kShortSearch);
  EXPECT_TRUE(eventually([&] { return site_.caught_up("hostile"); }, kPatience)) << hostile.errors();
  EXPECT_THAT(hostile.errors(), HasSubstr("boo\\nt"));
  EXPECT_THAT(aggregator.errors(), Not(HasSubstr("did not send")));
  const auto answer =
      predicted(site_.state("hostile"), site_.data("honest") / "shoes" / "boot" / "0.png", {"--task", "shoes"});
  EXPECT_TRUE(answer["class"] == "boot" || answer["class"] == "clog") << answer;
}

TEST_F(FrozenStatesTest, ANameThatPeopleCannotBeShownIsRefusedAtTheStart) {
  for (const std::string& name : {std::string("two\nlines"), std::string("caf\xE9"), std::string(1100, 'x')}) {
    const Outcome refused = run({"client", "--aggregator", "tcp://127.0.0.1:1", "--data", site_.data("x").string(),
                                 "--state", site_.state("x").string(), "--name", name});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.errors, HasSubstr("the client's name (--name)"));
    EXPECT_FALSE(fs::exists(site_.state("x")));
  }
}

TEST_F(FrozenStatesTest, HostileNamesOfOneClientDoNotDisturbTheOthers) {
  unpack("name_cut_inside_a_character");
  Process aggregator = site_.start_aggregator();
  const std::vector<std::string> names{"../up", "<script>alert(1)</script>", "=cmd()", "\xE2\x80\xAEgab", ".",
                                       "..",    std::string(255, 'x')};
  for (std::size_t i = 0; i < names.size(); ++i)
    pictures(site_.data("hostile") / folder_of_class(names[i]), static_cast<int>(40 + 20 * i), 12);
  for (const char* folder : {"bo\not", "%00", "%FF%FE", "caf\xE9", "@own"})
    pictures(site_.data("hostile") / folder, 90, 12);
  pictures(site_.data("honest") / "lamp", 30, 12);
  Process hostile = site_.start_client("hostile");
  EXPECT_TRUE(know(names)) << hostile.errors();
  Process honest = site_.start_client("honest");
  EXPECT_TRUE(know({"lamp"})) << honest.errors();
  EXPECT_TRUE(eventually([&] { return site_.caught_up("honest"); }, kPatience));
  const Outcome shown = run({"status", "--aggregator", site_.address()});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.output, Not(HasSubstr("\xE2\x80\xAE")));
  fs::copy_file(site_.data("honest") / "lamp" / "0.png", site_.path("caf\xE9.png"));
  const nlohmann::json answer = predicted(site_.state("honest"), site_.path("caf\xE9.png"));
  EXPECT_THAT(answer.value("image", ""), HasSubstr("caf\\xE9.png"));
}

}  // namespace
}  // namespace outrider::testing
