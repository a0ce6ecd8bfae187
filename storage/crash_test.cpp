// kill -9 at any moment, and readers in another process.
#include <chrono>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "storage/store.h"
#include "storage/store_child.h"

namespace outrider {
namespace {

constexpr std::uint64_t kWindow = 10;  // how many contributions stay: each commit adds one and erases one
const std::string kLast = "last";

Bytes name_of_last() {
  return {kLast.begin(), kLast.end()};
}

// From a few bytes to several of the log's 32 KiB blocks, so that records are torn at all kinds of places.
Bytes content(std::uint64_t number) {
  return Bytes(number * 7919 % (number % 4 == 0 ? 100'000 : 300), static_cast<std::uint8_t>(number));
}

WriteSet step(std::uint64_t number) {
  WriteSet writes;
  writes.put(Column::contributions, key_of(number), content(number));
  if (number > kWindow) writes.erase(Column::contributions, key_of(number - kWindow));
  writes.put(Column::revisions, key_of(number), key_of(number));
  writes.put(Column::meta, name_of_last(), key_of(number));
  return writes;
}

std::uint64_t last_step(const Store& store) {
  const std::optional<Bytes> last = store.get(Column::meta, name_of_last());
  return last ? number_in_key(*last) : 0;
}

// Whether the store holds the steps 1 … last_step(store) whole and nothing of later ones.
void expect_whole(const Store& store) {
  const std::uint64_t last = last_step(store);
  std::uint64_t expected = last > kWindow ? last - kWindow : 0;
  store.scan(Column::contributions, {}, [&](ByteView key, ByteView value) {
    ASSERT_EQ(number_in_key(key), ++expected);
    const Bytes written = content(expected);
    ASSERT_TRUE(std::equal(value.begin(), value.end(), written.begin(), written.end()));
  });
  ASSERT_EQ(expected, last);
  std::uint64_t revision = 0;
  store.scan(Column::revisions, {}, [&](ByteView key, ByteView) { ASSERT_EQ(number_in_key(key), ++revision); });
  ASSERT_EQ(revision, last);
}

// The child: commits steps and reports each after its commit.
TEST(CommittingChild, DISABLED_RunsUntilKilled) {
  const char* directory = std::getenv(kChildStore);
  if (!directory) GTEST_SKIP() << "runs as the child of other tests";
  const std::unique_ptr<Store> store = open_store(directory);
  for (std::uint64_t number = last_step(*store) + 1;; ++number) {
    store->commit(step(number));
    StoreChild::report(number);
  }
}

std::unique_ptr<StoreChild> start_child(const std::filesystem::path& store) {
  return std::make_unique<StoreChild>("CommittingChild.DISABLED_RunsUntilKilled", store);
}

TEST(CrashTest, KillLosesNothingAcknowledgedAndTearsNothing) {
  const TemporaryDirectory directory;
  std::mt19937 random(1);  // when to kill; what happens then depends on the machine anyway
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    const auto child = start_child(directory.path());
    // Some rounds die while opening, the others soon after a commit.
    if (round % 5 != 0) acknowledged = child->next().value_or(acknowledged);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    child->kill();
    while (const auto number = child->next()) acknowledged = *number;

    const std::unique_ptr<Store> store = open_store(directory.path());
    const std::uint64_t last = last_step(*store);
    ASSERT_GE(last, acknowledged) << "round " << round;
    ASSERT_LE(last, acknowledged + 1) << "round " << round;
    ASSERT_NO_FATAL_FAILURE(expect_whole(*store)) << "round " << round;
    acknowledged = last;
  }
  EXPECT_GT(acknowledged, 25u);
}

TEST(CrashTest, AStoreInUseByAnotherProcessIsRefusedUntilThatIsKilled) {
  const TemporaryDirectory directory;
  const auto child = start_child(directory.path());
  ASSERT_TRUE(child->next());
  try {
    open_store(directory.path());
    FAIL() << "opened a store in use";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()),
              "the store '" + directory.path().string() +
                  "' is in use by another process; stop that one or choose another directory");
  }
  child->kill();
  EXPECT_NO_THROW(open_store(directory.path()));
}

TEST(CrashTest, AReadOnlyViewIsConsistentWhileAnotherProcessWrites) {
  const TemporaryDirectory directory;
  const auto child = start_child(directory.path());
  std::uint64_t previous = 0;
  for (int view = 0; view < 25; ++view) {
    const auto acknowledged = child->next();
    ASSERT_TRUE(acknowledged);
    const std::unique_ptr<Store> store = open_store_read_only(directory.path());
    const std::uint64_t last = last_step(*store);
    ASSERT_GE(last, *acknowledged);
    ASSERT_GE(last, previous);
    ASSERT_NO_FATAL_FAILURE(expect_whole(*store)) << "view " << view;
    while (child->next() < last + 20) continue;  // the writer goes on, the view does not change
    ASSERT_EQ(last_step(*store), last);
    ASSERT_NO_FATAL_FAILURE(expect_whole(*store)) << "view " << view;
    previous = last;
  }
}

}  // namespace
}  // namespace outrider
