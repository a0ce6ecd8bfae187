#include "client/pictures/picture_files.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

TEST(PictureFiles, AreThoseBelowAFolderInOrder) {
  TemporaryDirectory directory;
  const fs::path& folder = directory.path();
  for (const char* name : {"b/2.JPG", "b/1.png", "a/deep/x.jpeg", "a/notes.txt", ".hidden/1.png", "b/.1.png"}) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << "x";
  }
  EXPECT_THAT(picture_files(folder), ElementsAre(folder / "a/deep/x.jpeg", folder / "b/1.png", folder / "b/2.JPG"));
  EXPECT_THAT(picture_files(folder / "a/notes.txt"), ElementsAre(folder / "a/notes.txt"));
  EXPECT_THAT(picture_files(folder / "nowhere"), ElementsAre(folder / "nowhere"));
}

TEST(PictureFiles, AFolderWithoutPicturesIsNamed) {
  TemporaryDirectory directory;
  EXPECT_THROW(picture_files(directory.path()), InputError);
}

TEST(PictureFiles, AFolderThatContainsItselfIsNoTrap) {
  TemporaryDirectory directory;
  std::ofstream(directory.path() / "1.png") << "x";
  fs::create_directory_symlink(directory.path(), directory.path() / "again");
  EXPECT_THAT(picture_files(directory.path()), ElementsAre(directory.path() / "1.png"));
}

}  // namespace
}  // namespace outrider::client
