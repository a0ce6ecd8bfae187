#include "storage/parts.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "storage/memory_store.h"

namespace outrider {
namespace {

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  return bytes;
}

class PartsTest : public testing::Test {
 protected:
  void put(const Large& large, ByteView content) {
    WriteSet writes;
    put_parts(large, content, writes);
    store_.commit(writes);
  }
  MemoryStore store_;
  const Bytes content_ = counting(1000);
  const Large large_{PartsOwner::knowledge, Digest::of(content_), 1000, 64};
};

TEST_F(PartsTest, WhatIsPutIsLoadedWholeAndByAnySlice) {
  put(large_, content_);
  EXPECT_EQ(load(store_, large_), content_);
  for (const std::uint64_t offset : {0, 1, 63, 64, 65, 960, 999, 1000, 5000})
    for (const std::uint64_t length : {0, 1, 64, 100, 5000}) {
      const std::uint64_t begin = std::min<std::uint64_t>(offset, 1000);
      const std::uint64_t size = std::min<std::uint64_t>(length, 1000 - begin);
      EXPECT_EQ(load(store_, large_, offset, length), to_bytes(ByteView(content_).subspan(begin, size)));
    }
}

TEST_F(PartsTest, WhatIsNotAllThereIsNothing) {
  WriteSet writes;
  for (std::uint64_t part = 0; part < 5; ++part)
    put_part(large_, part, to_bytes(ByteView(content_).subspan(part * 64, 64)), writes);
  store_.commit(writes);
  EXPECT_EQ(load(store_, large_), std::nullopt);
  EXPECT_EQ(load(store_, large_, 0, 320)->size(), 320U);
  EXPECT_EQ(load(store_, large_, 300, 64), std::nullopt);
}

TEST_F(PartsTest, OwnersDoNotShare) {
  Large other = large_;
  other.owner = PartsOwner::contribution;
  put(large_, content_);
  put(other, content_);
  WriteSet writes;
  erase_parts(other, writes);
  store_.commit(writes);
  EXPECT_EQ(load(store_, other), std::nullopt);
  EXPECT_EQ(load(store_, large_), content_);
}

TEST_F(PartsTest, ARecordSurvivesAndOthersAreRefused) {
  EXPECT_EQ(decode_large(encode(large_)), large_);
  EXPECT_THROW(decode_large(bytes_of("too short")), InputError);
  Large empty = large_;
  empty.part_bytes = 0;
  EXPECT_THROW(decode_large(encode(empty)), InputError);
}

}  // namespace
}  // namespace outrider
