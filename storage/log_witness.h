// Whether a store's write-ahead log is all there. RocksDB does not miss a log file that is gone, nor the end of one.
// Private to storage/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>

namespace outrider {

// How far the write-ahead log reached after a commit: what lies beyond was never acknowledged.
struct LogPosition {
  std::uint64_t file = 0;  // its number
  std::uint64_t size = 0;  // bytes
};

// The number of a write-ahead log file, such as 17 for 000017.log; nothing for other files.
std::optional<std::uint64_t> log_number(const std::filesystem::path& path);

// Notes beside a database which log is its newest and how far that is known to reach. RocksDB never deletes the newest
// log, and creates the next one before it deletes any, so what the note names must be there. Thread-safe.
class LogWitness {
 public:
  // Throws InputError when the log of the database in the directory is not what the note says; a directory without a
  // note, as of before there were notes, is not looked at.
  static void require_whole_log(const std::filesystem::path& directory);

  // The directory exists. Throws InputError when the note cannot be opened for writing.
  explicit LogWitness(std::filesystem::path directory);
  ~LogWitness();
  LogWitness(const LogWitness&) = delete;
  LogWitness& operator=(const LogWitness&) = delete;

  // Another log was created, and is empty. Durable when it returns, and so is the log's being there. Throws InputError.
  void begun(std::uint64_t file);
  // All up to here is synced. Outlives kill -9; after a power cut the note may be older, and then asks for less.
  void reached(LogPosition end);

 private:
  bool note(LogPosition end, bool durably);

  std::filesystem::path directory_;
  int file_;  // descriptor of the note
  std::mutex mutex_;
};

}  // namespace outrider
