#include "storage/value_pool.h"

#include <gtest/gtest.h>

#include "storage/memory_store.h"

namespace outrider {
namespace {

TEST(ValuePool, KeepsEqualValuesOnce) {
  ValuePool pool;
  const auto first = pool.share(bytes_of("encoder"));
  EXPECT_EQ(pool.share(bytes_of("encoder")), first);
  EXPECT_NE(pool.share(bytes_of("another")), first);
}

TEST(ValuePool, ForgetsWhatNobodyUses) {
  ValuePool pool;
  const auto kept = pool.share(bytes_of("kept"));
  for (int i = 0; i < 10'000; ++i) pool.share(bytes_of(std::to_string(i)));
  EXPECT_LT(pool.size(), 2'000U);
  EXPECT_EQ(pool.share(bytes_of("kept")), kept);
}

TEST(ValuePool, ForgetsLargeValuesSoon) {
  ValuePool pool;
  const auto kept = pool.share(Bytes(1u << 20, 7));
  for (std::uint8_t i = 0; i < 100; ++i) {
    pool.share(Bytes((1u << 20) + 1, i));
    EXPECT_LE(pool.bytes(), 18u << 20);
  }
  EXPECT_EQ(pool.share(Bytes(1u << 20, 7)), kept);
}

TEST(ValuePool, StoresThatShareOneHoldAValueOnce) {
  const auto pool = std::make_shared<ValuePool>();
  MemoryStore first(pool);
  MemoryStore second(pool);
  const std::size_t before = pool->size();
  for (MemoryStore* store : {&first, &second}) {
    WriteSet writes;
    writes.put(Column::blobs, to_bytes("key"), Bytes(100'000, 7));
    store->commit(writes);
    EXPECT_EQ(store->get(Column::blobs, bytes_of("key")), Bytes(100'000, 7));
  }
  EXPECT_EQ(pool->size(), before + 1);
}

}  // namespace
}  // namespace outrider
