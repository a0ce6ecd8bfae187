#include "simulations/report/markup.h"

#include <gtest/gtest.h>

namespace outrider::simulations {
namespace {

TEST(Markup, IsNeverMadeByAText) {
  EXPECT_EQ(escaped("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
  EXPECT_EQ(escaped("\" onload=\"x"), "&quot; onload=&quot;x");
  EXPECT_EQ(escaped("a&b &amp; c"), "a&amp;b &amp;amp; c");
}

TEST(Markup, KeepsWhatPeopleWrite) {
  EXPECT_EQ(escaped("Größe 98 ± 1 %, 靴, 👟"), "Größe 98 ± 1 %, 靴, 👟");
  EXPECT_EQ(escaped("two\nlines\tand a tab"), "two lines and a tab");
  EXPECT_EQ(escaped(""), "");
}

TEST(Markup, ReplacesWhatXmlDoesNotAllow) {
  const std::string no = "\xef\xbf\xbd";
  EXPECT_EQ(escaped(std::string_view("a\0b\x1b[31m\x7f", 9)), "a" + no + "b" + no + "[31m" + no);
  EXPECT_EQ(escaped("\xff\xc3"), no + no) << "no UTF-8, and a character that is cut off";
  EXPECT_EQ(escaped("\xc0\xbc"), no + no) << "an overlong '<'";
  EXPECT_EQ(escaped("\xed\xa0\x80"), no + no + no) << "a surrogate";
  EXPECT_EQ(escaped("\xef\xbf\xbf"), no + no + no) << "U+FFFF";
}

}  // namespace
}  // namespace outrider::simulations
