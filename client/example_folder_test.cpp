#include "client/example_folder.h"

#include <fstream>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

class ExampleFolderTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& content = "x") {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << content;
  }
  static std::string told(const std::vector<NewExamples>& found) {
    std::string text;
    for (const NewExamples& examples : found) {
      text += examples.class_name + ":";
      for (const fs::path& file : examples.files) text += " " + file.filename().string();
      text += "; ";
    }
    return text;
  }

  TemporaryDirectory directory_;
  fs::path folder_ = directory_.path();
};

TEST_F(ExampleFolderTest, ReportsEachFileOnceInOrder) {
  write("shoe/2.png");
  write("shoe/1.png");
  write("bag/1.png");
  ExampleFolder folder(folder_);
  EXPECT_EQ(told(folder.look()), "bag: 1.png; shoe: 1.png 2.png; ");
  EXPECT_EQ(told(folder.look()), "");
  write("bag/0.png");
  EXPECT_EQ(told(folder.look()), "bag: 0.png; ");
}

TEST_F(ExampleFolderTest, ReportsAFileAgainWhenItHasChangedOrIsForgotten) {
  write("bag/1.png");
  ExampleFolder folder(folder_);
  folder.look();
  write("bag/1.png", "longer");
  EXPECT_EQ(told(folder.look()), "bag: 1.png; ");
  folder.forget({folder_ / "bag/1.png"});
  EXPECT_EQ(told(folder.look()), "bag: 1.png; ");
}

TEST_F(ExampleFolderTest, TellsWhichClassesFilesHaveLeft) {
  write("bag/1.png");
  write("bag/2.png");
  write("shoe/1.png");
  ExampleFolder folder(folder_);
  folder.look();
  EXPECT_TRUE(folder.thinned().empty());
  fs::remove(folder_ / "bag/2.png");
  fs::remove_all(folder_ / "shoe");
  folder.look();
  EXPECT_EQ(folder.thinned(), (std::set<std::string>{"bag", "shoe"}));
  EXPECT_EQ(folder.present().at("bag").size(), 1U);
  EXPECT_FALSE(folder.present().contains("shoe"));
  EXPECT_FALSE(folder.has(folder_ / "bag/2.png"));
  EXPECT_TRUE(folder.has(folder_ / "bag/1.png"));
  write("bag/2.png");
  EXPECT_EQ(told(folder.look()), "bag: 2.png; ");
  EXPECT_TRUE(folder.thinned().empty());
}

TEST_F(ExampleFolderTest, AFolderThatNamesNoClassIsComplainedAboutAndTheOthersAreReported) {
  for (const char* name : {"bo\not", "tab\t", "caf\xE9", "b%0Ac", "%00", "%FF%FE", "@own"})
    write(name + std::string("/1.png"));
  write("shoe/1.png");
  write("=1+1/1.png");
  ExampleFolder folder(folder_);
  EXPECT_EQ(told(folder.look()), "=1+1: 1.png; shoe: 1.png; ");
  ASSERT_EQ(folder.complaints().size(), 7U);
  for (const std::string& complaint : folder.complaints())
    EXPECT_NE(complaint.find("the folder '" + folder_.string()), std::string::npos) << complaint;
  const std::vector<std::string> first = folder.complaints();
  EXPECT_EQ(told(folder.look()), "");
  EXPECT_EQ(folder.complaints(), first) << "the shell says it once";
  fs::rename(folder_ / "bo\not", folder_ / "boot");
  EXPECT_EQ(told(folder.look()), "boot: 1.png; ");
  EXPECT_EQ(folder.complaints().size(), 6U);
}

TEST_F(ExampleFolderTest, LeavesOutHiddenFilesAndFilesOutsideOfClasses) {
  write("bag/.1.png.part");
  write(".cache/1.png");
  write("readme.txt");
  EXPECT_EQ(told(ExampleFolder(folder_).look()), "");
}

TEST_F(ExampleFolderTest, DecodesClassNames) {
  write("Latin%2Fcharacter01/1.png");
  EXPECT_EQ(told(ExampleFolder(folder_).look()), "Latin/character01: 1.png; ");
}

TEST_F(ExampleFolderTest, AMissingFolderIsNamed) {
  EXPECT_THROW(ExampleFolder(folder_ / "nowhere").look(), InputError);
}

}  // namespace
}  // namespace outrider::client
