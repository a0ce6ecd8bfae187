#include "knowledge/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::utf8 {
namespace {

using ::testing::Optional;

TEST(Utf8, ReadsOneCharacterAtATime) {
  EXPECT_EQ(first("a")->value, U'a');
  EXPECT_EQ(first("é")->value, U'é');
  EXPECT_EQ(first("猫x")->bytes, 3u);
  EXPECT_EQ(first("🐈")->bytes, 4u);
  EXPECT_FALSE(first(""));
}

TEST(Utf8, TakesNothingThatUnicodeForbids) {
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xFE", "\xF0\x9F\x90"})
    EXPECT_FALSE(first(bad)) << printable(bad);
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(cut("猫猫", 6), "猫猫");
  EXPECT_EQ(cut("猫猫", 5), "猫");
  EXPECT_EQ(cut("猫猫", 2), "");
  EXPECT_EQ(cut("abc", 2), "ab");
}

TEST(Utf8, ObjectsToWhatCannotTravel) {
  EXPECT_FALSE(objection("Straße 猫 \u202Ex", 64));
  EXPECT_THAT(objection("a\nb", 64), Optional(std::string("has a control character at byte 1")));
  EXPECT_THAT(objection(std::string_view("a\0b", 3), 64), Optional(std::string("has a control character at byte 1")));
  EXPECT_THAT(objection("ab\xFF", 64), Optional(std::string("is not UTF-8 at byte 2")));
  EXPECT_THAT(objection("abc", 2), Optional(std::string("has 3 bytes; at most 2 fit")));
  EXPECT_FALSE(objection("ab", 2));
}

TEST(Utf8, ChecksWithASentenceThatNamesTheThing) {
  try {
    check("the name", "\x7F", 8);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "the name has a control character at byte 0");
  }
}

TEST(Utf8, ShowsAnythingOnOneLine) {
  EXPECT_EQ(printable("Katze 猫"), "Katze 猫");
  EXPECT_EQ(printable("a\nb\t\x1B[31m\x7F"), "a\\nb\\t\\x1B[31m\\x7F");
  EXPECT_EQ(printable("caf\xE9"), "caf\\xE9");
  EXPECT_EQ(printable("x\u202Eevil\u2028"), "x\\u{202E}evil\\u{2028}");
  EXPECT_EQ(printable("\\n"), "\\\\n");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(quoted("it"), "'it'");
}

TEST(Utf8, WhatIsShownIsBoundedAndCanTravel) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abc…");
  EXPECT_EQ(printable("ab\n", 4), "ab\\n");
  EXPECT_EQ(printable("ab\n\n", 5), "ab…");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (std::size_t most = 0; most < 1200; ++most) {
    const std::string shown = printable(all, most);
    EXPECT_LE(shown.size(), most);
    EXPECT_FALSE(objection(shown, most)) << shown;
  }
}

TEST(Utf8, CountsColumns) {
  EXPECT_EQ(columns(U'a'), 1u);
  EXPECT_EQ(columns(U'猫'), 2u);
  EXPECT_EQ(columns(U'\u0301'), 0u);
  EXPECT_EQ(columns(U'\n'), 0u);
}

}  // namespace
}  // namespace outrider::utf8
