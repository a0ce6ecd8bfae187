#include "knowledge/sealed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Bytes some_content(std::size_t size) {
  Bytes content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
  return content;
}

void expect_damage(const Bytes& bytes, const std::string& how) {
  EXPECT_THAT([&] { (void)unseal(bytes, "the file x"); }, ThrowsMessage<InputError>(HasSubstr("the file x is"))) << how;
}

TEST(SealedFile, GivesItsContentBack) {
  for (const std::size_t size : {0, 1, 8, 4096}) {
    const Bytes content = some_content(size), sealed = seal(content);
    EXPECT_EQ(sealed.size(), size + kSealBytes);
    const Unsealed found = unseal(sealed, "it");
    EXPECT_TRUE(found.was_sealed);
    EXPECT_EQ(Bytes(found.content.begin(), found.content.end()), content);
  }
}

TEST(SealedFile, ContentBeginsAtAWholeWord) {
  const Bytes sealed = seal(some_content(16));
  EXPECT_EQ((unseal(sealed, "it").content.data() - sealed.data()) % 8, 0);
}

TEST(SealedFile, EveryBitCounts) {
  const Bytes sealed = seal(some_content(700));
  for (std::size_t position = 0; position < sealed.size(); ++position)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = sealed;
      damaged[position] ^= static_cast<std::uint8_t>(1U << bit);
      expect_damage(damaged, "bit " + std::to_string(bit) + " of byte " + std::to_string(position));
    }
}

TEST(SealedFile, CutOffOrContinuedIsDamaged) {
  const Bytes sealed = seal(some_content(100));
  for (std::size_t size = 5; size < sealed.size(); ++size)
    expect_damage({sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size)}, std::to_string(size));
  Bytes longer = sealed;
  longer.push_back(0);
  expect_damage(longer, "one byte more");
}

TEST(SealedFile, WhatNeverHadASealComesBackAsItIs) {
  for (const std::size_t size : {0, 3, 400}) {
    const Bytes content = some_content(size);
    const Unsealed found = unseal(content, "it");
    EXPECT_FALSE(found.was_sealed);
    EXPECT_EQ(Bytes(found.content.begin(), found.content.end()), content);
  }
}

}  // namespace
}  // namespace outrider
