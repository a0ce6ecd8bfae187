#include "storage/database.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <ranges>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <rocksdb/iterator.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "storage/database_options.h"
#include "storage/private_files.h"

namespace outrider {
namespace {

rocksdb::Slice slice(ByteView bytes) {
  if (bytes.empty()) return {};  // a null pointer would reach memcmp
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
ByteView view(const rocksdb::Slice& slice) {
  return bytes_of({slice.data(), slice.size()});
}

std::string sentence(const std::filesystem::path& directory, const rocksdb::Status& status) {
  const std::string store = "the store '" + directory.string() + "' ";
  if (status.IsCorruption()) return store + "is damaged; restore it from a copy (" + status.ToString() + ")";
  return store + "cannot be read or written (" + status.ToString() + ")";
}

bool holds_database(const std::filesystem::path& directory) {
  std::error_code ignored;  // then it is not there for us
  return std::filesystem::exists(directory / "CURRENT", ignored);
}

// RocksDB would create an empty database beside what is left of one that has lost the file which names its manifest.
void refuse_headless(const std::filesystem::path& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), last; !error && entry != last;
       entry.increment(error))
    if (entry->path().extension() == ".sst")
      throw InputError("the store '" + directory.string() +
                       "' is damaged: its file 'CURRENT' is missing; restore it from a copy");
}

// RocksDB would add our columns to a database of someone else.
void refuse_foreign_columns(const std::filesystem::path& directory, const rocksdb::DBOptions& options) {
  std::vector<std::string> found;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options, directory.string(), &found);
  if (!status.ok()) throw InputError(sentence(directory, status));
  const auto known = column_families();
  for (const std::string& column : found)
    if (std::ranges::find(known, column, &rocksdb::ColumnFamilyDescriptor::name) == known.end())
      throw InputError("'" + directory.string() + "' has a column '" + column +
                       "': it is not an Outrider store, or one of another format version");
}

// The state of the manifest, which grows or changes its name before any file of the database goes away.
struct Manifest {
  std::string name;
  std::uintmax_t size = 0;
  bool operator==(const Manifest&) const = default;

  static Manifest of(const std::filesystem::path& directory) {
    Manifest manifest;
    std::ifstream current(directory / "CURRENT");
    std::getline(current, manifest.name);
    std::error_code ignored;  // a manifest that has just gone has changed
    manifest.size = std::filesystem::file_size(directory / manifest.name, ignored);
    return manifest;
  }
};

// Shortens the file to `size` bytes, durably; a shorter one stays as it is.
void cut(const std::filesystem::path& path, std::uint64_t size) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat state {};
  const bool done = file >= 0 && ::fstat(file, &state) == 0 &&
                    (static_cast<std::uint64_t>(state.st_size) <= size ||
                     (::ftruncate(file, static_cast<off_t>(size)) == 0 && ::fsync(file) == 0));
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!done)
    throw InputError("cannot cut a failed write off '" + path.string() +
                     "': " + std::generic_category().message(error));
}

}  // namespace

void Database::adopt(rocksdb::DB* database, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  assert(handles.size() == handles_.size());
  database_.reset(database);
  std::ranges::copy(handles, handles_.begin());
}

std::unique_ptr<Database> Database::open(const std::filesystem::path& directory, rocksdb::Env& env) {
  std::unique_ptr<Database> result(new Database(directory));
  LogWitness::require_whole_log(directory);
  LogWitness& witness = result->witness_.emplace(directory);
  const auto on_log = [&witness](const std::string& path) {
    if (const auto number = log_number(path)) witness.begun(*number);
  };
  result->disk_ = rocksdb::NewCompositeEnv(std::make_shared<PrivateFiles>(env.GetFileSystem(), on_log));
  const rocksdb::DBOptions options = database_options(*result->disk_);
  if (holds_database(directory)) {
    refuse_foreign_columns(directory, options);
  } else {
    refuse_headless(directory);
  }
  rocksdb::DB* database = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  result->require(rocksdb::DB::Open(options, directory.string(), column_families(), &handles, &database));
  result->adopt(database, handles);
  return result;
}

std::unique_ptr<Database> Database::open_read_only(const std::filesystem::path& directory, rocksdb::Env& env) {
  if (!holds_database(directory)) throw InputError("there is no store in '" + directory.string() + "'");
  const rocksdb::DBOptions options = read_only_options(env);
  constexpr int kAttempts = 8;
  constexpr int kAttemptsAgainstWriter = 40;  // one that flushes all the time
  for (int attempt = 1;; ++attempt) {
    // A writer that flushes between our reading the manifest and the log deletes log files that our manifest still
    // needs, and RocksDB does not miss them. An unchanged manifest says that this did not happen.
    const Manifest before = Manifest::of(directory);
    LogWitness::require_whole_log(directory);
    std::unique_ptr<Database> result(new Database(directory));
    rocksdb::DB* database = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    const rocksdb::Status status =
        rocksdb::DB::OpenForReadOnly(options, directory.string(), column_families(), &handles, &database);
    if (status.ok()) {
      result->adopt(database, handles);
      if (before == Manifest::of(directory)) return result;
    }
    const bool outrun = status.ok() || status.IsIOError() || status.IsPathNotFound();  // files have come and gone
    if (attempt >= (outrun ? kAttemptsAgainstWriter : kAttempts)) {
      refuse_foreign_columns(directory, options);
      if (status.IsInvalidArgument())  // it lacks columns
        throw InputError("the store '" + directory.string() +
                         "' is not complete: it is being created; try again when the program that does so is running");
      result->require(status);
      throw InputError("the store '" + directory.string() + "' changes too fast to be read; try again");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(5 * attempt, 50)));
  }
}

Database::~Database() {
  if (!database_) return;
  for (rocksdb::ColumnFamilyHandle* column : handles_) database_->DestroyColumnFamilyHandle(column);
  // Everything is synced: what closing may still fail at loses nothing.
  database_->Close().PermitUncheckedError();
}

void Database::require(const rocksdb::Status& status) const {
  if (!status.ok()) throw InputError(sentence(directory_, status));
}

rocksdb::Status Database::write(const WriteSet& writes) {
  rocksdb::WriteBatch batch;
  for (const WriteSet::Operation& operation : writes.operations) {
    const rocksdb::Slice key = slice(operation.key);
    const rocksdb::Status status = operation.value ? batch.Put(handle(operation.column), key, slice(*operation.value))
                                                   : batch.Delete(handle(operation.column), key);
    if (!status.ok()) return status;
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  return database_->Write(options, &batch);
}

void Database::compact() {
  const std::vector<rocksdb::ColumnFamilyHandle*> columns(handles_.begin(), handles_.end());
  require(database_->Flush({}, columns));
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (rocksdb::ColumnFamilyHandle* column : columns)
    require(database_->CompactRange(options, column, nullptr, nullptr));
}

std::optional<LogPosition> Database::log_position() {
  std::unique_ptr<rocksdb::LogFile> file;
  if (!database_->GetCurrentWalFile(&file).ok()) return std::nullopt;
  const LogPosition end{file->LogNumber(), file->SizeFileBytes()};
  if (witness_) witness_->reached(end);
  return end;
}

std::optional<Bytes> Database::get(Column column, ByteView key) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = database_->Get({}, handle(column), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  require(status);
  const ByteView bytes = view(value);
  return Bytes(bytes.begin(), bytes.end());
}

void Database::scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> position(database_->NewIterator({}, handle(column)));
  const rocksdb::Slice start = slice(prefix);
  for (position->Seek(start); position->Valid() && position->key().starts_with(start); position->Next())
    visit(view(position->key()), view(position->value()));
  require(position->status());
}

bool Database::empty() const {
  return std::ranges::all_of(handles_, [this](rocksdb::ColumnFamilyHandle* column) {
    const std::unique_ptr<rocksdb::Iterator> position(database_->NewIterator({}, column));
    position->SeekToFirst();
    require(position->status());
    return !position->Valid();
  });
}

void truncate_log(const std::filesystem::path& directory, LogPosition end) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), last; !error && entry != last;
       entry.increment(error)) {
    const std::optional<std::uint64_t> file = log_number(entry->path());
    if (!file || *file < end.file) continue;
    cut(entry->path(), *file == end.file ? end.size : 0);
  }
  if (error) throw InputError("cannot list the store '" + directory.string() + "': " + error.message());
}

}  // namespace outrider
