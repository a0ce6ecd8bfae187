#include "learners/prototypical/partial_training.h"

#include <filesystem>

#include <gmock/gmock.h>

#include "knowledge/error.h"
#include "knowledge/sealed_file.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "learners/prototypical/pretrained.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

class PartialTrainingFile : public testing::Test {
 protected:
  PartialTrainingFile() {
    partial_.settings = {{"--way", "5"}, {"--classes", "bag 'wool coat'"}};
    partial_.state.episodes = 7;
    partial_.state.parameters = nn::Parameters::initial(network_, 1);
    partial_.state.optimizer = {7, {{{1, 2, 3, 4}, {5, 6, 7, 8}}, {{0.5F, 0}, {0, 1e-30F}}}};
  }

  std::string complaint() const {
    return objection_of([&] { PartialFile(file_).state_of(network_); }).value_or("");
  }

  nn::NetworkSpec network_ = nn::parse_network("input 2x1x1; linear 2");
  PartialTraining partial_;
  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "file.outrider.partial";
};

TEST_F(PartialTrainingFile, RoundTripForItsOwnerAlone) {
  write_durably(file_, std::string_view("an earlier one that all may read"));
  save_partial(partial_, file_);
  EXPECT_EQ(std::filesystem::status(file_).permissions(), std::filesystem::perms(0600));
  const PartialFile read(file_);
  EXPECT_EQ(read.settings(), partial_.settings);
  EXPECT_EQ(read.state_of(network_), partial_.state);
}

TEST_F(PartialTrainingFile, FlippedBytesAndCutsAreRefused) {
  save_partial(partial_, file_);
  const std::string whole = content_of_file(file_);
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    replace_file(file_, bytes_of(damaged));
    EXPECT_THAT(complaint(), HasSubstr(file_.string())) << at;
    replace_file(file_, bytes_of(whole).first(at));
    EXPECT_THAT(complaint(), HasSubstr(file_.string())) << at;
  }
}

TEST_F(PartialTrainingFile, WhatIsWellSealedAndSomethingElseIsRefused) {
  EXPECT_THAT(complaint(), HasSubstr("does not exist"));
  save_pretrained({Bytes(64, 7), {{"bag", ClassState{3, {1, 2}, {}}}}}, file_);
  EXPECT_THAT(complaint(), HasSubstr(file_.string()));
  write_durably(file_, seal({}));
  EXPECT_THAT(complaint(), HasSubstr(file_.string()));
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_THAT(complaint(), HasSubstr("no regular file"));
}

TEST_F(PartialTrainingFile, IsOfItsNetworkOnly) {
  network_ = nn::parse_network("input 3x1x1; linear 2");
  save_partial(partial_, file_);
  EXPECT_THAT(complaint(), HasSubstr("does not fit its network"));
}

TEST_F(PartialTrainingFile, HasAtMostSoManySettings) {
  partial_.settings.assign(kMostTrainingSettings, {"--way", "5"});
  save_partial(partial_, file_);
  EXPECT_EQ(complaint(), "");
  partial_.settings.emplace_back("--way", "5");
  save_partial(partial_, file_);
  EXPECT_THAT(complaint(), HasSubstr("65 settings; at most 64"));
  partial_.settings = {{"--way", "\xff"}};
  save_partial(partial_, file_);
  EXPECT_THAT(complaint(), HasSubstr("UTF-8"));
}

TEST_F(PartialTrainingFile, OfMoreBytesThanAreReadIsRefusedBeforeMemoryIsTaken) {
  write_durably(file_, std::string_view("x"));
  std::filesystem::resize_file(file_, kMostPartialBytes + kSealBytes + 1);
  EXPECT_THAT(complaint(), HasSubstr("at most"));
}

}  // namespace
}  // namespace outrider
