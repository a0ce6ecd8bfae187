#include "simulations/report/confusion.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outrider::simulations {
namespace {

Confusion coats_and_shirts() {
  Confusion confusion{{"coat", "shirt", "hat"}, ConfusionMatrix(3)};
  confusion.counts.add(0, 0, 90);
  confusion.counts.add(0, 1, 10);
  confusion.counts.add(1, 1, 50);
  return confusion;
}

TEST(Confusion, NamesWhatOccursForPrograms) {
  EXPECT_EQ(as_json(coats_and_shirts()),
            nlohmann::json::parse(R"({"coat": {"coat": 90, "shirt": 10}, "shirt": {"shirt": 50}, "hat": {}})"));
}

TEST(Confusion, IsAMapWhoseRowsAreShares) {
  const Section section = confusion_section(coats_and_shirts());
  ASSERT_EQ(section.blocks.size(), 2u);
  const HeatMap& map = std::get<HeatMap>(section.blocks[0]);
  EXPECT_EQ(map.values[0][1], 0.1);
  EXPECT_EQ(map.notes[0][1], "10 of 100");
  EXPECT_FALSE(map.values[2][0]) << "no picture of a hat was judged";
  const Table& classes = std::get<PageTable>(section.blocks[1]).table;
  EXPECT_EQ(classes.rows()[1], (std::vector<std::string>{"shirt", "100.00 %", "83.33 %", "50"}));
  EXPECT_EQ(classes.rows()[2], (std::vector<std::string>{"hat", "–", "–", "0"}));
}

TEST(Confusion, OfManyClassesIsAListOfItsWorstPairs) {
  Confusion confusion{{}, ConfusionMatrix(100)};
  for (std::size_t i = 0; i < 100; ++i) {
    confusion.classes.push_back("class " + std::to_string(i));
    confusion.counts.add(i, i, 10);
    confusion.counts.add(i, (i + 1) % 100, i);
  }
  const Section section = confusion_section(confusion);
  const Table& pairs = std::get<PageTable>(section.blocks[0]).table;
  EXPECT_EQ(pairs.rows().size(), 30u);
  EXPECT_EQ(pairs.rows()[0][0], "class 99");
  EXPECT_EQ(pairs.rows()[0][1], "class 0");
  EXPECT_EQ(pairs.rows()[0][2], "90.83 %");
}

}  // namespace
}  // namespace outrider::simulations
