#include "learners/prototypical/class_memory.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/random.h"

namespace outrider {
namespace {

constexpr std::size_t kMemoryDimension = 5;
constexpr std::uint32_t kExamples = 40;

Digest name(std::uint32_t example) {
  return Hasher().field(example).finish();
}

std::vector<float> embedding(std::uint32_t example) {
  Random random(3, "embedding", example);
  std::vector<float> result(kMemoryDimension);
  for (float& x : result) x = 100 * random.normal();
  return result;
}

TEST(ClassMemory, OrderAndInterruptionsDoNotMatter) {
  std::vector<std::uint32_t> order(kExamples);
  std::iota(order.begin(), order.end(), 0U);
  ClassMemory straight(kMemoryDimension);
  for (const std::uint32_t example : order) straight.add(name(example), embedding(example));
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random(seed).shuffle(std::span(order));
    ClassMemory interrupted(kMemoryDimension);
    for (const std::uint32_t example : order) {
      interrupted = ClassMemory::decode(interrupted.encode());
      interrupted.add(name(example), embedding(example));
    }
    EXPECT_EQ(interrupted.state(), straight.state());
    EXPECT_EQ(interrupted.encode(), straight.encode());
  }
}

TEST(ClassMemory, AgreesWithTheBuilderToRounding) {
  ClassMemory memory(kMemoryDimension);
  ClassStateBuilder builder(kMemoryDimension);
  for (std::uint32_t example = 0; example < kExamples; ++example) {
    memory.add(name(example), embedding(example));
    builder.add(embedding(example));
  }
  const ClassState remembered = memory.state();
  const ClassState built = builder.state();
  EXPECT_EQ(remembered.count, built.count);
  for (std::size_t i = 0; i < kMemoryDimension; ++i) {
    EXPECT_FLOAT_EQ(remembered.sum[i], built.sum[i]);
    EXPECT_FLOAT_EQ(remembered.deviations[i], built.deviations[i]);
  }
}

TEST(ClassMemory, KnowsItsExamples) {
  ClassMemory memory(kMemoryDimension);
  memory.add(name(1), embedding(1));
  memory.spent = std::chrono::microseconds(77);
  const ClassMemory reread = ClassMemory::decode(memory.encode());
  EXPECT_TRUE(reread.knows(name(1)));
  EXPECT_FALSE(reread.knows(name(2)));
  EXPECT_EQ(reread.spent, memory.spent);
}

TEST(ClassMemory, DamagedBytesAreRefused) {
  ClassMemory memory(kMemoryDimension);
  memory.add(name(1), embedding(1));
  const Bytes whole = memory.encode();
  for (std::size_t size = 0; size < whole.size(); size += 8)
    EXPECT_THROW(ClassMemory::decode(ByteView(whole).first(size)), InputError) << size;
  EXPECT_THROW(ExactClassSum::from_bytes(Bytes(100)), InputError);
}

}  // namespace
}  // namespace outrider
