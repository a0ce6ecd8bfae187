#include "knowledge/whole_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class WholeFile : public testing::Test {
 protected:
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory_.path()), {}));
  }
  template <typename Act>
  void expect_refusal(Act&& act, const std::string& of, const std::string& why) {
    EXPECT_THAT(act, ThrowsMessage<InputError>(AllOf(HasSubstr(of), HasSubstr(why))));
  }

  TemporaryDirectory directory_;
  fs::path file_ = directory_.path() / "file";
};

TEST_F(WholeFile, IsReplacedWithoutLeavingAnythingElse) {
  for (const char* text : {"first", "second and longer", ""}) {
    write_durably(file_, std::string_view(text));
    EXPECT_EQ(content_of_file(file_), text);
    replace_file(file_, bytes_of(text));
    EXPECT_EQ(content_of_file(file_), text);
    EXPECT_EQ(files(), 1U);
  }
}

TEST_F(WholeFile, HasTheModeThatTheUserAsksForWithUmask) {
  const mode_t before = ::umask(027);
  write_durably(file_, std::string_view("x"));
  ::umask(before);
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0640));
}

TEST_F(WholeFile, CanBeItsOwnersAloneWhateverWasThere) {
  const mode_t before = ::umask(0);
  write_durably(file_, std::string_view("for all"));
  write_privately(file_, bytes_of("mine"));
  ::umask(before);
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0600));
  EXPECT_EQ(content_of_file(file_), "mine");
  EXPECT_EQ(files(), 1U);
}

TEST_F(WholeFile, ThatIsThereIsReplacedOnlyWhereThatIsMeant) {
  require_new(file_, false);
  write_durably(file_, std::string_view("x"));
  expect_refusal([&] { require_new(file_, false); }, file_.string(), "is there already; --replace overwrites it");
  require_new(file_, true);
  require_new("/dev/null", false);
  fs::remove(file_);
  fs::create_symlink("nowhere", file_);
  expect_refusal([&] { require_new(file_, false); }, file_.string(), "is there already");
}

TEST_F(WholeFile, MayHaveANameAsLongAsFilesCanHave) {
  write_durably(directory_.path() / std::string(255, 'n'), std::string_view("x"));
  EXPECT_EQ(files(), 1U);
}

TEST_F(WholeFile, IsRefusedBeforeTheWorkWhereItCannotBe) {
  const auto each = [&](const fs::path& place, const std::string& why) {
    expect_refusal([&] { require_writable(place); }, place.string(), why);
    expect_refusal([&] { write_durably(place, std::string_view("x")); }, place.string(), why);
    expect_refusal([&] { replace_file(place, bytes_of("x")); }, place.string(), why);
  };
  each("/proc/x", "cannot be written");
  each(directory_.path() / "missing" / "x", "there is no folder");
  each(directory_.path(), "folder");
  each(directory_.path() / "x" / "", "folder");
  write_durably(file_, std::string_view("x"));
  each(file_ / "x", "is no folder");
  EXPECT_FALSE(fs::exists(directory_.path() / "missing"));
  EXPECT_EQ(files(), 1U);
}

TEST_F(WholeFile, ADeviceTakesTheContentAndStaysOne) {
  require_writable("/dev/null");
  write_durably("/dev/null", std::string_view("x"));
  replace_file("/dev/null", bytes_of("x"));
  EXPECT_EQ(fs::status("/dev/null").type(), fs::file_type::character);
  require_writable("/dev/full");
  expect_refusal([&] { write_durably("/dev/full", std::string_view("x")); }, "/dev/full", "No space left");
}

TEST_F(WholeFile, AskingLeavesNothingBehindAndTheFileAsItIs) {
  require_writable(file_);
  EXPECT_EQ(files(), 0U);
  write_durably(file_, std::string_view("kept"));
  require_writable(file_);
  EXPECT_EQ(content_of_file(file_), "kept");
  EXPECT_EQ(files(), 1U);
}

TEST_F(WholeFile, IsReadUpToALimit) {
  write_durably(file_, std::string_view("12345678"));
  EXPECT_EQ(read_file(file_, 8), to_bytes("12345678"));
  EXPECT_EQ(content_of_file(file_, 8), "12345678");
  EXPECT_EQ(content_of_file(file_, 7), "");
  EXPECT_EQ(content_of_file("/dev/zero"), "");
  expect_refusal([&] { read_file(file_, 7); }, file_.string(), "has 8 bytes; at most 7");
}

TEST_F(WholeFile, AHugeFileIsRefusedUnread) {
  std::ofstream(file_) << "x";
  fs::resize_file(file_, std::uintmax_t{3} << 30);  // sparse
  expect_refusal([&] { read_file(file_, 64U << 20); }, file_.string(), "at most");
}

TEST_F(WholeFile, WhatIsNoFileIsRefusedWithoutWaiting) {
  const fs::path fifo = directory_.path() / "fifo", loop = directory_.path() / "loop";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  fs::create_symlink(loop, loop);
  expect_refusal([&] { read_file(fifo, 100); }, fifo.string(), "no regular file");
  expect_refusal([&] { read_file("/dev/zero", 100); }, "/dev/zero", "no regular file");
  expect_refusal([&] { read_file(directory_.path(), 100); }, directory_.path().string(), "no regular file");
  expect_refusal([&] { read_file(loop, 100); }, loop.string(), "symbolic links");
  expect_refusal([&] { read_file(file_, 100); }, file_.string(), "does not exist");
}

}  // namespace
}  // namespace outrider
