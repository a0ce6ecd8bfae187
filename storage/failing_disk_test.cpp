// Disks that are full or broken, simulated beneath RocksDB and for real.
#include <atomic>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <sched.h>
#include <sys/mount.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "storage/rocksdb_store.h"
#include "storage/store_child.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// What is wrong with the disk.
struct Faults {
  std::atomic<bool> full = false;        // appends write a part and fail
  std::atomic<bool> sync_fails = false;  // of the log: all is written but nobody knows whether it lasts
  std::atomic<bool> open_fails = false;  // new files cannot be created
};

class FailingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingFile(std::unique_ptr<rocksdb::FSWritableFile> file, Faults& faults, bool is_log)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(faults), is_log_(is_log) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    if (!faults_.full) return FSWritableFileOwnerWrapper::Append(data, options, context);
    const rocksdb::Slice part(data.data(), data.size() / 2);
    const rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Append(part, options, context);
    return status.ok() ? rocksdb::IOStatus::NoSpace("No space left on device") : status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& /*verification*/,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (is_log_ && faults_.sync_fails) return rocksdb::IOStatus::IOError("Input/output error");
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  Faults& faults_;
  bool is_log_;
};

class FailingDisk : public rocksdb::FileSystemWrapper {
 public:
  explicit FailingDisk(Faults& faults) : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(faults) {}
  const char* Name() const override { return "FailingDisk"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override {
    if (faults_.open_fails) return rocksdb::IOStatus::NoSpace("No space left on device");
    const rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, result, context);
    if (status.ok()) *result = std::make_unique<FailingFile>(std::move(*result), faults_, path.ends_with(".log"));
    return status;
  }

 private:
  Faults& faults_;
};

WriteSet write_of(std::uint64_t number, std::size_t size = 1000) {
  WriteSet writes;
  writes.put(Column::contributions, key_of(number), Bytes(size, static_cast<std::uint8_t>(number)));
  writes.put(Column::revisions, key_of(number), {});
  return writes;
}

std::vector<std::uint64_t> numbers(const Store& store, Column column) {
  std::vector<std::uint64_t> found;
  store.scan(column, {}, [&](ByteView key, ByteView) { found.push_back(number_in_key(key)); });
  return found;
}

// That the store holds these writes, each of them whole, and no others.
void expect_holds(const Store& store, const std::vector<std::uint64_t>& expected) {
  EXPECT_EQ(numbers(store, Column::contributions), expected);
  EXPECT_EQ(numbers(store, Column::revisions), expected);
}

class FailingDiskTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  Faults faults_;
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(std::make_shared<FailingDisk>(faults_));
  std::unique_ptr<Store> store_ = open_store(directory_.path(), *env_);

  void expect_after_a_crash(const std::vector<std::uint64_t>& expected) {
    const TemporaryDirectory copy;
    std::filesystem::copy(directory_.path(), copy.path(), std::filesystem::copy_options::recursive);
    expect_holds(*open_store(copy.path()), expected);
  }
};

TEST_F(FailingDiskTest, AFullDiskWritesNothingAndTheNextCommitSucceedsOnceThereIsSpace) {
  store_->commit(write_of(1));
  faults_.full = true;
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_THROW(store_->commit(write_of(2)), InputError);
    expect_holds(*store_, {1});
    expect_after_a_crash({1});
  }
  faults_.full = false;
  store_->commit(write_of(3));
  expect_holds(*store_, {1, 3});
  expect_after_a_crash({1, 3});
}

// Without anything to flush RocksDB's own Resume() goes on with the torn log file.
TEST_F(FailingDiskTest, TheFirstCommitAfterOpeningMayFail) {
  store_.reset();
  store_ = open_store(directory_.path(), *env_);
  faults_.full = true;
  EXPECT_THAT(
      [&] { store_->commit(write_of(1)); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("nothing was written to the store '" + directory_.path().string()),
                                      HasSubstr("No space left on device"))));
  faults_.full = false;
  store_->commit(write_of(2));
  expect_holds(*store_, {2});
  expect_after_a_crash({2});
}

// The failed write is whole in the log file then, and must not come back.
TEST_F(FailingDiskTest, AFailedSyncWritesNothing) {
  store_->commit(write_of(1));
  faults_.sync_fails = true;
  EXPECT_THROW(store_->commit(write_of(2)), InputError);
  expect_holds(*store_, {1});
  expect_after_a_crash({1});
  faults_.sync_fails = false;
  store_->commit(write_of(3));
  expect_holds(*store_, {1, 3});
  expect_after_a_crash({1, 3});
}

TEST_F(FailingDiskTest, AFailedSyncWritesNothingEvenIfTheStoreCannotReopenForWriting) {
  store_->commit(write_of(1));
  faults_.sync_fails = true;
  faults_.open_fails = true;
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_THROW(store_->commit(write_of(2)), InputError);
    expect_holds(*store_, {1});
    expect_after_a_crash({1});
  }
  EXPECT_THROW(open_store(directory_.path()), InputError) << "the store is still held";
  faults_.sync_fails = false;
  faults_.open_fails = false;
  store_->commit(write_of(3));
  expect_holds(*store_, {1, 3});
}

// Fills write buffers, so that flushes and log switches fail too.
TEST_F(FailingDiskTest, FailuresInTheMidstOfFlushesLoseNothing) {
  std::vector<std::uint64_t> acknowledged;
  for (std::uint64_t number = 1; number <= 120; ++number) {
    faults_.full = number % 17 == 0;
    faults_.sync_fails = number % 13 == 0;
    faults_.open_fails = number % 11 == 0;
    try {
      store_->commit(write_of(number, 150'000));
      acknowledged.push_back(number);
    } catch (const InputError&) {
      expect_holds(*store_, acknowledged);
    }
  }
  EXPECT_GT(acknowledged.size(), 80u);
  EXPECT_LT(acknowledged.size(), 120u);
  expect_holds(*store_, acknowledged);
  expect_after_a_crash(acknowledged);
}

constexpr int kNoMount = 77;  // exit status

// A small file system of its own, visible to this process only.
bool mount_small_disk(const std::filesystem::path& directory) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=12m") == 0;
}

TEST(SmallDiskChild, DISABLED_FillsItsDisk) {
  const char* mount = std::getenv(kChildStore);
  if (!mount) GTEST_SKIP() << "runs as the child of another test";
  if (!mount_small_disk(mount)) std::exit(kNoMount);
  const std::filesystem::path directory = std::filesystem::path(mount) / "store";
  const std::filesystem::path ballast = std::filesystem::path(mount) / "ballast";
  std::unique_ptr<Store> store = open_store(directory);
  std::vector<std::uint64_t> acknowledged;
  std::uint64_t number = 0;
  for (const std::size_t size : {2'000, 20'000, 100'000, 300'000}) {
    // All that is free but for a bit, so that the disk fills in the midst of something else each time.
    std::ofstream(ballast, std::ios::binary)
        << std::string(std::filesystem::space(mount).available - 3 * size - 20'000, 'x');
    int failures = 0;
    while (failures < 3) try {
        store->commit(write_of(++number, size));
        acknowledged.push_back(number);
      } catch (const InputError& error) {
        ++failures;
        EXPECT_THAT(error.what(), HasSubstr("No space left on device"));
        expect_holds(*store, acknowledged);
      }
    std::filesystem::remove(ballast);
    store->commit(write_of(++number, size));
    acknowledged.push_back(number);
    if (size == 20'000) {
      store.reset();
      store = open_store(directory);
    }
    expect_holds(*store, acknowledged);
  }
}

TEST(FullDiskTest, ARealFullDiskLosesNothingAcknowledged) {
  const TemporaryDirectory directory;
  StoreChild child("SmallDiskChild.DISABLED_FillsItsDisk", directory.path());
  const int status = child.wait();
  if (status == kNoMount) GTEST_SKIP() << "needs the right to mount a tmpfs";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace outrider
