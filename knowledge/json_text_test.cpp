#include "knowledge/json_text.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

using nlohmann::json;

TEST(JsonTextTest, IsWhatTheValueSays) {
  const json value{{"name", "caf\xC3\xA9\n"}, {"numbers", {1, 2.5, nullptr, true}}};
  EXPECT_EQ(json::parse(json_text(value)), value);
  EXPECT_EQ(json_text(json::array({1, 2})), "[1,2]");
  EXPECT_EQ(json_text(json::array({1}), 2), "[\n  1\n]");
}

TEST(JsonTextTest, ShowsBytesThatAreNoUtf8WhereverTheyAre) {
  const json value{{"pictures/caf\xE9.png", "\xFF\xFE"}, {"list", {"ok", {{"deep", "\xED\xA0\x80"}}}}, {"count", 3}};
  const json read = json::parse(json_text(value));
  EXPECT_EQ(read["pictures/caf\\xE9.png"], "\\xFF\\xFE");
  EXPECT_EQ(read["list"][0], "ok");
  EXPECT_EQ(read["list"][1]["deep"], "\\xED\\xA0\\x80");
  EXPECT_EQ(read["count"], 3);
}

}  // namespace
}  // namespace outrider
