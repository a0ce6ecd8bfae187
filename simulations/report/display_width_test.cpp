#include "simulations/report/display_width.h"

#include <gtest/gtest.h>

namespace outrider::simulations {
namespace {

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("Größe ± 1"), 9u);
  EXPECT_EQ(display_width("━─›"), 3u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);  // e and a combining accent
  EXPECT_EQ(display_width("🚀"), 2u);
  EXPECT_EQ(display_width("\xff\xc3"), 2u);  // no UTF-8
}

TEST(DisplayWidth, FitsWithoutCuttingCharacters) {
  EXPECT_EQ(fit("Größe", 3), "Grö");
  EXPECT_EQ(fit("日本", 3), "日");
  EXPECT_EQ(fit("ab", 5), "ab");
  EXPECT_EQ(fit("e\xcc\x81x", 1), "e\xcc\x81");
}

TEST(DisplayWidth, Pads) {
  EXPECT_EQ(pad_right("ö", 3), "ö  ");
  EXPECT_EQ(pad_left("ö", 3), "  ö");
  EXPECT_EQ(pad_left("long", 2), "long");
}

}  // namespace
}  // namespace outrider::simulations
