#include "knowledge/name.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

std::string complaint(std::string_view name) {
  return objection_of([&] { check_name("the class", name); }).value_or("");
}

TEST(NameTest, MayBeWhatPeopleWrite) {
  for (const std::string_view name : {"bag", "手提包", "a b", "../x", "=1+1", "<script>", "\xE2\x80\xAEgab", "."})
    EXPECT_EQ(complaint(name), "") << name;
  EXPECT_EQ(complaint(std::string(kMaxNameBytes, 'x')), "");
}

TEST(NameTest, IsNeitherEmptyNorTooLongNorUnfitToTravel) {
  EXPECT_TRUE(complaint("").starts_with("the class is empty; expected a name of 1 to 255 bytes"));
  EXPECT_TRUE(complaint(std::string(kMaxNameBytes + 1, 'x')).starts_with("the class has 256 bytes"));
  EXPECT_TRUE(complaint("boo\nt").starts_with("the class has a control character at byte 3"));
  EXPECT_TRUE(complaint(std::string_view("\0", 1)).starts_with("the class has a control character"));
  EXPECT_TRUE(complaint("caf\xE9").starts_with("the class is not UTF-8 at byte 3"));
  EXPECT_TRUE(complaint("\xED\xA0\x80").starts_with("the class is not UTF-8 at byte 0"));
}

}  // namespace
}  // namespace outrider
