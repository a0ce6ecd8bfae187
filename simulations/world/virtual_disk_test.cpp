#include "simulations/world/virtual_disk.h"

#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

WriteSet two_writes(std::uint8_t value) {
  WriteSet writes;
  writes.put(Column::meta, to_bytes("a"), Bytes(100, value));
  writes.put(Column::clients, to_bytes("b"), Bytes(50, value));
  return writes;
}

TEST(VirtualDisk, APowerLossLeavesAllOfACommitOrNothing) {
  std::size_t whole = 0;
  for (std::uint32_t dice = 0; dice < 200; ++dice) {
    VirtualDisk disk;
    disk.commit(two_writes(1));
    disk.lose_power_in_next_commit(dice * 2'654'435'761U);
    disk.commit({});  // writes nothing, so nothing happens
    EXPECT_THROW(disk.commit(two_writes(2)), PowerLoss);
    disk.restart();
    const Bytes a = *disk.get(Column::meta, bytes_of("a"));
    const Bytes b = *disk.get(Column::clients, bytes_of("b"));
    EXPECT_EQ(a[0], b[0]);
    whole += a[0] == 2 ? 1 : 0;
    disk.commit(two_writes(3));
    EXPECT_EQ(disk.get(Column::meta, bytes_of("a")), Bytes(100, 3));
  }
  EXPECT_GT(whole, 20U);
  EXPECT_LT(whole, 100U);
}

TEST(VirtualDisk, AWholeRecordErasesToo) {
  VirtualDisk disk;
  disk.commit(two_writes(1));
  WriteSet erase;
  erase.erase(Column::meta, to_bytes("a"));
  disk.lose_power_in_next_commit(0);  // after the last byte
  EXPECT_THROW(disk.commit(erase), PowerLoss);
  disk.restart();
  EXPECT_FALSE(disk.get(Column::meta, bytes_of("a")));
  EXPECT_TRUE(disk.get(Column::clients, bytes_of("b")));
}

TEST(VirtualDisk, AFullDiskWritesNothing) {
  VirtualDisk disk;
  disk.fail_next_commit();
  EXPECT_THROW(disk.commit(two_writes(1)), InputError);
  disk.restart();
  EXPECT_FALSE(disk.get(Column::meta, bytes_of("a")));
}

}  // namespace
}  // namespace outrider::simulations
