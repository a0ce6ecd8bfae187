// What only the store on disk does: directories, locks, format versions, damage, read-only views.
#include "storage/rocksdb_store.h"

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "knowledge/whole_file.h"
#include "storage/database.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

WriteSet put(std::string_view key, std::string_view value, Column column = Column::meta) {
  WriteSet writes;
  writes.put(column, to_bytes(key), to_bytes(value));
  return writes;
}

class RocksDbStoreTest : public ::testing::Test {
 protected:
  TemporaryDirectory temporary_;
  std::filesystem::path directory_ = temporary_.path() / "deep" / "store";

  std::filesystem::path largest_file(std::string_view extension) const {
    std::filesystem::path largest;
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
      if (entry.path().extension() == extension &&
          (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)))
        largest = entry.path();
    return largest;
  }
};

void flip_byte(const std::filesystem::path& path, std::uintmax_t position) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(position));
  const auto byte = static_cast<char>(file.get() ^ 0x55);
  file.seekp(static_cast<std::streamoff>(position));
  file.put(byte);
  ASSERT_TRUE(file.good()) << path;
}

TEST_F(RocksDbStoreTest, CreatesTheDirectoryWithAllAboveIt) {
  open_store(directory_ / "")->commit(put("a", "1"));
  EXPECT_EQ(open_store(directory_)->get(Column::meta, bytes_of("a")), to_bytes("1"));
}

TEST_F(RocksDbStoreTest, OnlyTheOwnerMayEnterANewDirectory) {
  open_store(directory_);
  EXPECT_EQ(std::filesystem::status(directory_).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(RocksDbStoreTest, OnlyTheOwnerMayReadWhatLiesThereWhateverWasAllowedBefore) {
  open_store(directory_)->commit(put("secret", "1"));
  const auto open_to_all = [&] {
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
      std::filesystem::permissions(entry.path(), std::filesystem::perms(0644));
  };
  open_to_all();
  const mode_t before = ::umask(0);
  const auto store = open_store(directory_);
  for (int i = 0; i < 40; ++i) store->commit(put("large", std::string(1'000'000, 'x')));  // new tables, logs, manifests
  ::umask(before);
  EXPECT_EQ(std::filesystem::status(directory_).permissions(), std::filesystem::perms(0700));
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    EXPECT_EQ(entry.status().permissions(), std::filesystem::perms(0600)) << entry.path();
}

TEST_F(RocksDbStoreTest, RefusesADirectoryOfAnotherUser) {
  std::filesystem::create_directories(directory_);
  if (::chown(directory_.c_str(), 65'534, 65'534) != 0) GTEST_SKIP() << "takes root";
  EXPECT_THAT([&] { open_store(directory_); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(directory_.string()), HasSubstr("another user"))));
}

TEST_F(RocksDbStoreTest, RefusesADirectoryThatIsAFile) {
  std::ofstream(temporary_.path() / "deep") << "in the way";
  EXPECT_THAT([&] { open_store(directory_); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("cannot create"), HasSubstr(directory_.string()))));
}

TEST_F(RocksDbStoreTest, RefusesAStoreThatIsOpenAlready) {
  const auto store = open_store(directory_);
  EXPECT_THAT([&] { open_store(directory_); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(directory_.string()), HasSubstr("in use"))));
}

TEST_F(RocksDbStoreTest, RefusesAnotherFormatVersion) {
  open_store(directory_);
  {
    const auto database = Database::open(directory_, *rocksdb::Env::Default());
    ASSERT_TRUE(database->write(put("format", "2")).ok());
  }
  const auto names_both = ThrowsMessage<InputError>(
      AllOf(HasSubstr(directory_.string()), HasSubstr("has format version 2"), HasSubstr("reads format version 1")));
  EXPECT_THAT([&] { open_store(directory_); }, names_both);
  EXPECT_THAT([&] { open_store_read_only(directory_); }, names_both);
}

TEST_F(RocksDbStoreTest, RefusesADatabaseThatIsNoStoreAndLeavesItAlone) {
  std::filesystem::create_directories(directory_);
  std::filesystem::create_directories(directory_);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, directory_.string(), &raw).ok());
  std::unique_ptr<rocksdb::DB> foreign(raw);
  ASSERT_TRUE(foreign->Put({}, "someone", "else's").ok());
  foreign.reset();
  EXPECT_THAT([&] { open_store(directory_); }, ThrowsMessage<InputError>(HasSubstr("not an Outrider store")));

  ASSERT_TRUE(rocksdb::DestroyDB(directory_.string(), options).ok());
  ASSERT_TRUE(rocksdb::DB::Open(options, directory_.string(), &raw).ok());
  foreign.reset(raw);
  rocksdb::ColumnFamilyHandle* column = nullptr;
  ASSERT_TRUE(foreign->CreateColumnFamily({}, "theirs", &column).ok());
  ASSERT_TRUE(foreign->DestroyColumnFamilyHandle(column).ok());
  foreign.reset();
  EXPECT_THAT([&] { open_store(directory_); }, ThrowsMessage<InputError>(HasSubstr("column 'theirs'")));
  std::vector<std::string> columns;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, directory_.string(), &columns).ok());
  EXPECT_EQ(columns.size(), 2u);
}

TEST_F(RocksDbStoreTest, SaysToReadersThatItIsBeingCreated) {
  std::filesystem::create_directories(directory_);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, directory_.string(), &raw).ok());  // the columns follow
  std::unique_ptr<rocksdb::DB>(raw).reset();
  EXPECT_THAT([&] { open_store_read_only(directory_); }, ThrowsMessage<InputError>(HasSubstr("is being created")));
  open_store(directory_);
  EXPECT_NO_THROW(open_store_read_only(directory_));
}

// The third commit was never acknowledged: kill -9 came while it was written, and the note is that of the second.
TEST_F(RocksDbStoreTest, OpensALogWithATornTail) {
  const std::filesystem::path note = directory_ / "outrider.newest-log";
  open_store(directory_)->commit(put("a", "1"));
  std::string noted;
  {
    const auto store = open_store(directory_);
    store->commit(put("b", std::string(50'000, 'b')));
    noted = content_of_file(note);
    store->commit(put("c", std::string(50'000, 'c')));
  }
  replace_file(note, bytes_of(noted));
  const std::filesystem::path log = largest_file(".log");
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 10'000);
  const auto store = open_store(directory_);
  EXPECT_TRUE(store->get(Column::meta, bytes_of("a")));
  EXPECT_TRUE(store->get(Column::meta, bytes_of("b")));
  EXPECT_FALSE(store->get(Column::meta, bytes_of("c")));
}

TEST_F(RocksDbStoreTest, MissesALogThatIsGoneOrHasLostItsEnd) {
  {
    const auto store = open_store(directory_);
    store->commit(put("a", std::string(50'000, 'a')));
    store->commit(put("b", std::string(50'000, 'b')));
  }
  const std::filesystem::path log = largest_file(".log");
  const auto expect_damage = [&](const std::string& what) {
    const auto said = ThrowsMessage<InputError>(AllOf(HasSubstr(directory_.string()), HasSubstr("is damaged"),
                                                      HasSubstr(log.filename().string()), HasSubstr(what)));
    EXPECT_THAT([&] { open_store(directory_); }, said);
    EXPECT_THAT([&] { open_store_read_only(directory_); }, said);
  };
  const std::string whole = content_of_file(log);
  for (const std::size_t left : {whole.size() - 1, whole.size() / 2, std::size_t{0}}) {
    replace_file(log, bytes_of(std::string_view(whole).substr(0, left)));
    expect_damage("has lost its end");
  }
  std::filesystem::remove(log);
  expect_damage("is missing");
  replace_file(log, bytes_of(whole));
  EXPECT_EQ(open_store(directory_)->get(Column::meta, bytes_of("b"))->size(), 50'000U);
}

TEST_F(RocksDbStoreTest, OpensAStoreOfBeforeThereWasANoteOfItsLog) {
  open_store(directory_)->commit(put("a", "1"));
  std::filesystem::remove(directory_ / "outrider.newest-log");
  EXPECT_TRUE(open_store_read_only(directory_)->get(Column::meta, bytes_of("a")));
  EXPECT_TRUE(open_store(directory_)->get(Column::meta, bytes_of("a")));
  std::filesystem::remove(largest_file(".log"));  // the new log is noted, and empty
  EXPECT_TRUE(open_store(directory_)->get(Column::meta, bytes_of("a")));
}

TEST_F(RocksDbStoreTest, OpensAStoreThatAnEarlierVersionHasUsedSince) {
  const std::filesystem::path note = directory_ / "outrider.newest-log";
  open_store(directory_)->commit(put("a", "1"));
  const std::string noted = content_of_file(note);
  open_store(directory_)->commit(put("b", "1"));
  replace_file(note, bytes_of(noted));  // which names a log that is not needed any more
  EXPECT_TRUE(open_store_read_only(directory_)->get(Column::meta, bytes_of("b")));
  EXPECT_TRUE(open_store(directory_)->get(Column::meta, bytes_of("b")));
}

TEST_F(RocksDbStoreTest, ANoteThatCannotBeReadIsSaid) {
  open_store(directory_)->commit(put("a", "1"));
  replace_file(directory_ / "outrider.newest-log", bytes_of("no note"));
  EXPECT_THAT([&] { open_store(directory_); }, ThrowsMessage<InputError>(HasSubstr("cannot be read")));
}

TEST_F(RocksDbStoreTest, DoesNotBeginAnewWhereOnlyTablesAreLeft) {
  open_store(directory_)->commit(put("a", "1"));
  open_store(directory_);  // moves the log into a table
  std::filesystem::remove(directory_ / "CURRENT");
  EXPECT_THAT([&] { open_store(directory_); }, ThrowsMessage<InputError>(HasSubstr("'CURRENT' is missing")));
}

TEST_F(RocksDbStoreTest, ReportsADamagedLogInsteadOfDroppingCommits) {
  {
    const auto store = open_store(directory_);
    for (const char* key : {"a", "b", "c"}) store->commit(put(key, std::string(50'000, 'x')));
  }
  flip_byte(largest_file(".log"), 20'000);
  const auto damaged =
      ThrowsMessage<InputError>(AllOf(HasSubstr(directory_.string()), HasSubstr("is damaged"), Not(HasSubstr("\n"))));
  EXPECT_THAT([&] { open_store_read_only(directory_); }, damaged);
  EXPECT_THAT([&] { open_store(directory_); }, damaged);
}

TEST_F(RocksDbStoreTest, ReportsADamagedTable) {
  open_store(directory_)->commit(put("a", std::string(50'000, 'x'), Column::blobs));
  open_store(directory_);  // moves the log into a table
  const std::filesystem::path table = largest_file(".sst");
  for (std::uintmax_t position = 10; position < 60; ++position) flip_byte(table, position);
  EXPECT_THAT(
      [&] {
        const auto store = open_store(directory_);
        store->get(Column::blobs, bytes_of("a"));
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr(directory_.string()), HasSubstr("is damaged"))));
}

TEST_F(RocksDbStoreTest, ReportsAMissingManifest) {
  open_store(directory_);
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    if (entry.path().filename().string().starts_with("MANIFEST")) std::filesystem::remove(entry.path());
  EXPECT_THAT([&] { open_store(directory_); }, ThrowsMessage<InputError>(HasSubstr(directory_.string())));
}

// More than the writer keeps in memory and in its log: it flushes, compacts and deletes the files that went before.
void overwrite_often(Store& store, std::string_view key) {
  for (int i = 0; i < 40; ++i) store.commit(put(key, std::string(1'000'000, 'x')));
}

TEST_F(RocksDbStoreTest, AReadOnlyViewShowsTheStateWhenItWasOpened) {
  open_store(directory_)->commit(put("table", "1"));
  const auto store = open_store(directory_);  // moves the log into a table
  const std::filesystem::path table = largest_file(".sst");
  store->commit(put("log", "1"));
  const std::filesystem::path log = largest_file(".log");
  const auto view = open_store_read_only(directory_);
  overwrite_often(*store, "table");
  overwrite_often(*store, "log");
  for (int wait = 0; wait < 500 && (std::filesystem::exists(table) || std::filesystem::exists(log)); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_FALSE(std::filesystem::exists(table));
  ASSERT_FALSE(std::filesystem::exists(log));
  EXPECT_EQ(view->get(Column::meta, bytes_of("table")), to_bytes("1"));
  EXPECT_EQ(view->get(Column::meta, bytes_of("log")), to_bytes("1"));
  EXPECT_EQ(open_store_read_only(directory_)->get(Column::meta, bytes_of("log"))->size(), 1'000'000u);
}

// Lets something happen once between RocksDB's reading the manifest and its listing the log files.
class Interruption : public rocksdb::FileSystemWrapper {
 public:
  explicit Interruption(std::function<void()> happen)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), happen_(std::move(happen)) {}
  const char* Name() const override { return "Interruption"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* context) override {
    if (path.find("MANIFEST") != std::string::npos) manifest_read_ = true;
    return FileSystemWrapper::NewSequentialFile(path, options, result, context);
  }
  rocksdb::IOStatus GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names, rocksdb::IODebugContext* context) override {
    if (manifest_read_ && happen_) std::exchange(happen_, nullptr)();
    return FileSystemWrapper::GetChildren(path, options, names, context);
  }
  bool happened() const { return !happen_; }

 private:
  std::function<void()> happen_;
  bool manifest_read_ = false;
};

TEST_F(RocksDbStoreTest, AReadOnlyViewMissesNoLogThatIsDeletedWhileItOpens) {
  const auto store = open_store(directory_);
  store->commit(put("early", "1"));
  const std::filesystem::path log = largest_file(".log");
  const auto interruption = std::make_shared<Interruption>([&] {
    overwrite_often(*store, "late");
    for (int wait = 0; wait < 500 && std::filesystem::exists(log); ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(interruption);
  const auto view = Database::open_read_only(directory_, *env);
  ASSERT_TRUE(interruption->happened());
  ASSERT_FALSE(std::filesystem::exists(log));
  EXPECT_EQ(view->get(Column::meta, bytes_of("early")), to_bytes("1"));
  EXPECT_EQ(view->get(Column::meta, bytes_of("late"))->size(), 1'000'000u);
}

TEST_F(RocksDbStoreTest, AReadOnlyViewNeedsAStore) {
  EXPECT_THAT([&] { open_store_read_only(directory_); },
              ThrowsMessage<InputError>("there is no store in '" + directory_.string() + "'"));
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(RocksDbStoreTest, AReadOnlyViewTakesNoCommits) {
  open_store(directory_)->commit(put("a", "1"));
  const auto view = open_store_read_only(directory_);
#ifdef NDEBUG
  EXPECT_THROW(view->commit(put("a", "2")), std::logic_error);
#else
  EXPECT_DEATH(view->commit(put("a", "2")), "read-only");
#endif
  EXPECT_EQ(view->get(Column::meta, bytes_of("a")), to_bytes("1"));
}

}  // namespace
}  // namespace outrider
