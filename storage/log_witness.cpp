#include "storage/log_witness.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "knowledge/error.h"
#include "knowledge/whole_file.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoteName = "outrider.newest-log";
constexpr std::size_t kNoteBytes = 64;  // within one sector: the old note or the new one, never a part of either
constexpr int kLooks = 100;             // at a store whose writer goes on to another log meanwhile

std::string text_of_note(LogPosition end) {
  std::array<char, kNoteBytes + 1> text{};
  std::snprintf(text.data(), text.size(), "newest log %020" PRIu64 " bytes %020" PRIu64 " end \n", end.file, end.size);
  return text.data();
}

std::optional<LogPosition> parse_note(const std::string& text) {
  LogPosition end;
  if (std::sscanf(text.c_str(), "newest log %" SCNu64 " bytes %" SCNu64 " end", &end.file, &end.size) != 2 ||
      text_of_note(end) != text)
    return std::nullopt;
  return end;
}

fs::path log_file(const fs::path& directory, std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return directory / (digits + ".log");
}

// Empty where there is none, or where its creation was interrupted.
std::string text_of_note_in(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory / kNoteName, error)) return {};
  return std::string(text_of(read_file(directory / kNoteName, kNoteBytes)));
}

// Then an earlier version of the program, which writes no notes, has used the store since: the note means nothing.
bool is_newer_log_there(const fs::path& directory, std::uint64_t than) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), last; !error && entry != last; entry.increment(error))
    if (const auto number = log_number(entry->path()); number && *number > than) return true;
  return false;
}

[[noreturn]] void refuse(const fs::path& directory, const std::string& what) {
  throw InputError("the store '" + directory.string() + "' is damaged: " + what +
                   "; restore the store from a copy, or go on without what is lost by deleting the file '" +
                   (directory / kNoteName).string() + "'");
}

}  // namespace

std::optional<std::uint64_t> log_number(const fs::path& path) {
  const std::string stem = path.stem().string();
  const char* const end = stem.data() + stem.size();
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(stem.data(), end, number);
  if (path.extension() != ".log" || error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

void LogWitness::require_whole_log(const fs::path& directory) {
  std::string before;
  for (int look = 0; look < kLooks; ++look) {
    const std::string text = text_of_note_in(directory);
    if (text.empty()) return;  // of before there were notes
    const auto noted = parse_note(text);
    if (!noted) refuse(directory, "its note of the newest log cannot be read");
    if (noted->size == 0) return;  // nothing that was acknowledged lies there
    const fs::path log = log_file(directory, noted->file);
    std::error_code error;
    const std::uintmax_t size = fs::file_size(log, error);
    if (!error && size >= noted->size) return;
    if (error && is_newer_log_there(directory, noted->file)) return;
    // A writer that goes on to another log may delete this one between our two looks, and then the note has changed.
    if (text == std::exchange(before, text))
      refuse(directory, error
                            ? "its newest log '" + log.filename().string() + "' is missing, with what was written last"
                            : "its newest log '" + log.filename().string() + "' has lost its end: it has " +
                                  std::to_string(size) + " of " + std::to_string(noted->size) + " bytes");
  }
}

LogWitness::LogWitness(fs::path directory) : directory_(std::move(directory)) {
  const fs::path note = directory_ / kNoteName;
  file_ = ::open(note.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file_ < 0)
    throw InputError("the store's file '" + note.string() +
                     "' cannot be opened: " + std::generic_category().message(errno));
}

LogWitness::~LogWitness() {
  ::fsync(file_);  // else a power cut may leave an older note, which asks for less
  ::close(file_);
}

bool LogWitness::note(LogPosition end, bool durably) {
  const std::string text = text_of_note(end);
  const std::lock_guard lock(mutex_);
  return ::pwrite(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
         (!durably || ::fsync(file_) == 0);
}

void LogWitness::begun(std::uint64_t file) {
  if (!note({file, 0}, true))
    throw InputError("the store's file '" + (directory_ / kNoteName).string() +
                     "' cannot be written: " + std::generic_category().message(errno));
  sync_folder(directory_);
}

void LogWitness::reached(LogPosition end) {
  note(end, false);  // where that fails, the note asks for less than it might
}

}  // namespace outrider
