// Files that are written and read whole. The one place where the program writes a file that others may be reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "knowledge/bytes.h"

namespace outrider {

// Replaces the file whole or not at all, so that a reader, or who is killed, finds the earlier one or this one. Throws
// InputError, which names the file, when it cannot be written; an earlier one stays then. Missing folders are not made.
// A device or a pipe takes the content as it comes.
void replace_file(const std::filesystem::path& file, ByteView content);
// Likewise, and it outlives a power cut once this returns.
void write_durably(const std::filesystem::path& file, ByteView content);
inline void write_durably(const std::filesystem::path& file, std::string_view content) {
  write_durably(file, bytes_of(content));
}
// As write_durably(), for a file that its owner alone may read, whatever was there.
void write_privately(const std::filesystem::path& file, ByteView content);

// A device or a pipe, which takes content as it comes and keeps none.
bool is_stream(const std::filesystem::path& file);

// Throws InputError unless such a file could be written now: to be asked before the work that the file is to hold.
// Leaves nothing behind.
void require_writable(const std::filesystem::path& file);

// The whole file. Throws InputError when it is missing, no regular file, unreadable or longer than `limit` bytes, which
// is found out before memory is taken; never waits, whatever lies there.
Bytes read_file(const std::filesystem::path& file, std::uint64_t limit);

// Throws InputError where there is something already, a stream excepted, unless it may be replaced: whoever asks before
// the work loses neither the earlier file nor the work.
void require_new(const std::filesystem::path& file, bool may_replace);

inline constexpr std::uint64_t kMostContentBytes = std::uint64_t{256} << 20;

// An empty text where there is no such file or read_file() would refuse it.
std::string content_of_file(const std::filesystem::path& file, std::uint64_t limit = kMostContentBytes);

// The path for a sentence: cut and escaped as utf8::printable() does, since anybody may have named the file.
std::string shown(const std::filesystem::path& file);

// Makes what was created or renamed in this folder outlive a power cut. Throws InputError when it cannot.
void sync_folder(const std::filesystem::path& folder);

}  // namespace outrider
