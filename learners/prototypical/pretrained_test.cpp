#include "learners/prototypical/pretrained.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/sealed_file.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "knowledge/wire.h"
#include "learners/prototypical/pretrained.capnp.h"

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

TEST_F(PretrainedFile, ThatHoldsNoEncoderIsRefused) {
  save_pretrained({{}, {{"bag", {2, {1, 2}, {0.5F, 0}}}}}, file_);
  EXPECT_THROW(load_pretrained(file_), InputError);
}

TEST_F(PretrainedFile, EveryFlippedByteIsRefused) {
  const Pretrained saved{Bytes(5000, 7), {{"bag", {2, {1, 2}, {0.5F, 0}}}}};
  save_pretrained(saved, file_);
  const std::string whole = content_of_file(file_);
  for (std::size_t position = 0; position < whole.size(); position += 1 + whole.size() / 1000)
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string damaged = whole;
      damaged[position] = static_cast<char>(damaged[position] ^ flip);
      replace_file(file_, bytes_of(damaged));
      EXPECT_THROW(load_pretrained(file_), InputError) << "byte " << position;
    }
}

// What follows is a whole message, as files of before there was a digest were.
TEST_F(PretrainedFile, ThatLostItsDigestIsNotTakenForAnOlderOne) {
  save_pretrained({Bytes(64, 7), {}}, file_);
  const std::string whole = content_of_file(file_);
  const std::string content = whole.substr(24, whole.size() - kSealBytes);
  for (const std::string& stripped : {content, whole.substr(24), whole.substr(0, 24 + content.size())}) {
    replace_file(file_, bytes_of(stripped));
    EXPECT_THROW(load_pretrained(file_), InputError) << stripped.size();
  }
}

TEST_F(PretrainedFile, OfBeforeThereWereDigestsIsRead) {
  capnp::MallocMessageBuilder message;
  const Bytes encoder(100, 3);
  message.initRoot<wire::Pretrained>().setEncoder(wire::data(encoder));
  replace_file(file_, wire::flatten(message));
  EXPECT_EQ(load_pretrained(file_).encoder, encoder);
}

TEST_F(PretrainedFile, MissingFoldersAreNotMade) {
  EXPECT_THROW(save_pretrained({}, directory_.path() / "missing" / "x"), InputError);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "missing"));
}

TEST_F(PretrainedFile, AnUnwritablePlaceIsNamed) {
  EXPECT_THROW(save_pretrained({}, "/proc/outrider/x"), InputError);
}

}  // namespace
}  // namespace outrider
