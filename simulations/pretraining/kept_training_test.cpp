#include "simulations/pretraining/kept_training.h"

#include <csignal>
#include <optional>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "learners/random.h"

namespace outrider::simulations {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Preprocessing kPixels{.input = {1, 16, 16}};

Dataset noise() {
  Dataset dataset;
  dataset.shape = kPixels.input;
  Random random(1, "noise");
  for (std::uint32_t k = 0; k < 3; ++k) {
    dataset.classes.push_back("noise " + std::to_string(k));
    dataset.labels.insert(dataset.labels.end(), 4, k);
  }
  for (std::size_t i = 0; i < dataset.labels.size() * dataset.shape.size(); ++i)
    dataset.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  return dataset;
}

class KeptTrainingFile : public testing::Test {
 protected:
  KeptTrainingFile() : training_(fresh_encoder("conv4", kPixels, 1), pictures_, options_) {
    plan_.output = directory_.path() / "x.outrider";
    plan_.settings = {{"--way", "3"}, {"the pictures", "abc"}};
    plan_.command = "outrider pretrain --way 3";
    plan_.episodes = 3;
    plan_.every = std::chrono::seconds(86'400);
    interruption_.emplace().defer();
  }

  KeptTraining kept() { return {plan_, display_, *interruption_}; }
  std::filesystem::path file() const { return directory_.path() / "x.outrider.partial"; }
  std::string complaint() {
    return objection_of([&] { kept().state_of(fresh_encoder("conv4", kPixels, 1).network); }).value_or("");
  }

  TemporaryDirectory directory_;
  KeptTrainingPlan plan_;
  std::ostringstream said_;
  ProgressDisplay display_{said_, false};
  std::optional<Interruption> interruption_;
  Dataset pictures_ = noise();
  EpisodicOptions options_{.shape = {.way = 3, .shots = 1, .queries = 1}, .episodes = 3, .threads = 1};
  EncoderTraining training_;
};

TEST_F(KeptTrainingFile, IsWrittenWhenItIsTimeAndGoneInTheEnd) {
  KeptTraining late = kept();
  training_.step();
  late.look(training_);
  EXPECT_FALSE(std::filesystem::exists(file()));
  plan_.every = std::chrono::seconds(0);
  KeptTraining now = kept();
  now.look(training_);
  EXPECT_EQ(kept().state_of(training_.encoder().network), training_.state());
  training_.step();
  late.finish(training_);
  EXPECT_EQ(kept().state_of(training_.encoder().network)->episodes, 2U);
  late.remove();
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_EQ(kept().state_of(training_.encoder().network), std::nullopt);
}

TEST_F(KeptTrainingFile, IsWrittenOnCtrlCWhichSaysHowToGoOn) {
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    interruption_.emplace().defer();
    KeptTraining training = kept();
    training_.step();
    training.look(training_);
    ::raise(signal);
    try {
      training.look(training_);
      FAIL();
    } catch (const Interrupted& interrupted) {
      EXPECT_EQ(interrupted.exit_code(), code);
      EXPECT_THAT(interrupted.what(), AllOf(HasSubstr(file().string()), HasSubstr(" of 3 episodes"),
                                            HasSubstr("this goes on: outrider pretrain --way 3")));
    }
    EXPECT_EQ(PartialFile(file()).state_of(training_.encoder().network), training_.state());
  }
}

TEST_F(KeptTrainingFile, OfOtherSettingsOrPicturesSaysWhatDiffers) {
  kept().finish(training_);
  plan_.settings = {{"--way", "4"}, {"the pictures", "abd"}};
  EXPECT_THAT(complaint(), AllOf(HasSubstr(file().string()), HasSubstr("--way (3 there, 4 here)"),
                                 HasSubstr("the pictures (abc there, abd here)"), HasSubstr("--restart")));
  plan_.settings = {{"--way", "3"}, {"--new", "1"}};
  EXPECT_THAT(complaint(), AllOf(HasSubstr("--new (none there, 1 here)"),
                                 HasSubstr("the pictures (abc there, none here)"), Not(HasSubstr("--way"))));
  plan_.restart = true;
  EXPECT_EQ(kept().state_of(training_.encoder().network), std::nullopt);
}

TEST_F(KeptTrainingFile, ThatNobodyCanGoOnFromSaysWhatToDo) {
  write_durably(file(), std::string_view("garbage"));
  EXPECT_THAT(complaint(), AllOf(HasSubstr(file().string()), HasSubstr("--restart")));
  plan_.restart = true;
  EXPECT_EQ(complaint(), "");
  plan_.restart = false;
  std::filesystem::remove(file());
  training_.step();
  kept().finish(training_);
  plan_.episodes = 0;
  EXPECT_THAT(complaint(), AllOf(HasSubstr("1 episodes of 0"), HasSubstr("--restart")));
  for (const bool restart : {false, true}) {
    plan_.restart = restart;
    std::filesystem::remove(file());
    ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
    EXPECT_THAT(complaint(), AllOf(HasSubstr("no regular file"), HasSubstr("remove it")));
  }
}

TEST_F(KeptTrainingFile, ThatCannotBeWrittenDoesNotEndTheTraining) {
  plan_.every = std::chrono::seconds(0);
  KeptTraining training = kept();
  std::filesystem::create_directory(file());
  training.look(training_);
  EXPECT_THAT(said_.str(), AllOf(HasSubstr(file().string()), HasSubstr("training goes on")));
}

TEST_F(KeptTrainingFile, IsNotThereBesideADevice) {
  plan_.output = "/dev/null";
  KeptTraining training = kept();
  training.finish(training_);
  EXPECT_FALSE(std::filesystem::exists("/dev/null.partial"));
  ::raise(SIGINT);
  EXPECT_THROW(training.look(training_), Interrupted);
}

}  // namespace
}  // namespace outrider::simulations
