#include "learners/prototypical/pretrained.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider {
namespace {

class PretrainedFile : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "file.outrider";
};

TEST_F(PretrainedFile, RoundTrip) {
  const Pretrained saved{{1, 2, 3}, {{"bag", {2, {1, 2}, {0.5F, 0}}}, {"coat", {1, {3, 4}, {}}}}};
  save_pretrained(saved, file_);
  const Pretrained loaded = load_pretrained(file_);
  EXPECT_EQ(loaded.encoder, saved.encoder);
  EXPECT_EQ(loaded.classes, saved.classes);
}

TEST_F(PretrainedFile, MissingAndDamagedFilesAreNamed) {
  const auto complaint = [&]() -> std::string {
    try {
      load_pretrained(file_);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  EXPECT_NE(complaint().find(file_.string()), std::string::npos);
  std::ofstream(file_) << "no such file format";
  EXPECT_NE(complaint().find(file_.string()), std::string::npos);
}

TEST_F(PretrainedFile, AnUnwritablePlaceIsNamed) {
  EXPECT_THROW(save_pretrained({}, "/proc/outrider/x"), InputError);
}

}  // namespace
}  // namespace outrider
