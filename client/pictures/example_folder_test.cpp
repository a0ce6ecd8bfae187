#include "client/pictures/example_folder.h"

#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_F(ExampleFolderTest, WhatIsNoPictureIsComplainedAboutAndTheOthersAreReported) {
  write("bag/1.png");
  write("shoe/1.png");
  write("shoe/deeper/1.png");
  write("outside.png");
  fs::create_symlink("nowhere", folder_ / "bag/dangling.png");
  fs::create_symlink("loop.png", folder_ / "bag/loop.png");
  fs::create_symlink("circle", folder_ / "circle");
  fs::create_symlink(".", folder_ / "shoe/self");
  ASSERT_EQ(::mkfifo((folder_ / "bag/fifo.png").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", folder_ / "bag/device.png");
  ExampleFolder folder(folder_);
  EXPECT_EQ(told(folder.look()), "bag: 1.png; shoe: 1.png; ");
  for (const char* name : {"outside.png", "dangling.png", "loop.png", "circle", "deeper", "fifo.png", "device.png"})
    EXPECT_THAT(folder.complaints(), testing::Contains(testing::HasSubstr(name)));
  EXPECT_EQ(folder.complaints().size(), 7U);
  EXPECT_FALSE(folder.is_unclear("bag")) << "a link that leads nowhere is no picture";
  EXPECT_TRUE(folder.is_unclear("circle"));
}

// Leaves the rights of root, where it has them, until it goes.
class AsNobody {
 public:
  AsNobody() : was_root_(::geteuid() == 0) {
    if (was_root_ && ::seteuid(65'534) != 0) throw std::runtime_error("cannot become nobody");
  }
  ~AsNobody() {
    if (was_root_) (void)::seteuid(0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool was_root_;
};

TEST_F(ExampleFolderTest, AFolderThatMayNotBeReadIsLeftOutAndHasNotLeft) {
  write("bag/1.png");
  write("shoe/1.png");
  write("coat/1.png");
  fs::permissions(folder_, fs::perms(0755));
  ExampleFolder folder(folder_);
  EXPECT_EQ(told(folder.look()), "bag: 1.png; coat: 1.png; shoe: 1.png; ");
  fs::permissions(folder_ / "bag", fs::perms(0));
  fs::permissions(folder_ / "coat", fs::perms(0444));  // may be listed, and nothing in it looked at
  write("shoe/2.png");
  {
    const AsNobody nobody;
    EXPECT_EQ(told(folder.look()), "shoe: 2.png; ");
  }
  EXPECT_EQ(folder.complaints().size(), 2U);
  EXPECT_THAT(folder.complaints(), testing::Contains(testing::HasSubstr((folder_ / "bag").string())));
  EXPECT_TRUE(folder.thinned().empty());
  for (const char* name : {"bag", "coat"}) {
    EXPECT_TRUE(folder.is_unclear(name));
    EXPECT_TRUE(folder.has(folder_ / name / "1.png"));
    fs::permissions(folder_ / name, fs::perms(0755));
  }
  EXPECT_EQ(told(folder.look()), "");
  EXPECT_TRUE(folder.complaints().empty());
}

TEST_F(ExampleFolderTest, ReportsAFileAgainWhenItMayBeReadAtLast) {
  write("bag/1.png");
  fs::permissions(folder_ / "bag/1.png", fs::perms(0));
  ExampleFolder folder(folder_);
  folder.look();
  EXPECT_EQ(told(folder.look()), "");
  fs::permissions(folder_ / "bag/1.png", fs::perms(0600));
  EXPECT_EQ(told(folder.look()), "bag: 1.png; ");
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
