#include "learners/nn/memory_block.h"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider::nn {
namespace {

TEST(Place, SharesMemoryBetweenLivesThatDoNotOverlap) {
  const std::vector<Interval> chain{{1000, 0, 1}, {1000, 1, 2}, {1000, 2, 3}, {1000, 3, 4}};
  EXPECT_EQ(place(chain).bytes, 1024U + 1000U);
}

TEST(Place, KeepsLivesThatOverlapApart) {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Interval> intervals;
    for (int i = 0; i < 40; ++i) {
      const std::size_t first = random.below(30);
      intervals.push_back({random.below(5000), first, first + random.below(10)});
    }
    const Placement placement = place(intervals);
    std::size_t total = 0;
    for (std::size_t a = 0; a < intervals.size(); ++a) {
      total += (intervals[a].bytes + 63) / 64 * 64;
      EXPECT_EQ(placement.offsets[a] % MemoryBlock::kAlignment, 0U);
      EXPECT_LE(placement.offsets[a] + intervals[a].bytes, placement.bytes);
      for (std::size_t b = 0; b < a; ++b) {
        const bool in_time = intervals[a].first <= intervals[b].last && intervals[b].first <= intervals[a].last;
        const bool in_memory = placement.offsets[a] < placement.offsets[b] + intervals[b].bytes &&
                               placement.offsets[b] < placement.offsets[a] + intervals[a].bytes;
        EXPECT_FALSE(in_time && in_memory) << a << " and " << b;
      }
    }
    EXPECT_LT(placement.bytes, total);
  }
}

TEST(MemoryBlock, IsZeroedAndAligned) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{5} << 20}) {
    const MemoryBlock block(size);
    EXPECT_EQ(block.bytes().size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.bytes().data()) % MemoryBlock::kAlignment, 0U);
    EXPECT_TRUE(std::ranges::all_of(block.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
  }
  EXPECT_TRUE(MemoryBlock().bytes().empty());
  EXPECT_TRUE(MemoryBlock(0).bytes().empty());
}

}  // namespace
}  // namespace outrider::nn
