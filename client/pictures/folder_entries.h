// What lies in a watched folder, and what its folders are called.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace outrider::client {

// What tells that the content of a file is another, or that it may be read now, without reading it.
struct FileVersion {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t written = 0;  // ns
  std::int64_t changed = 0;  // ns; also where only the permissions are others
  bool operator==(const FileVersion&) const = default;
};

// What can be used of a folder; links are followed. What cannot is no reason to leave the rest.
struct FolderContent {
  std::vector<std::filesystem::path> folders;                        // sorted
  std::vector<std::pair<std::filesystem::path, FileVersion>> files;  // sorted
  std::vector<std::filesystem::path> broken_links;
  std::vector<std::filesystem::path> unclear;  // what is there, but cannot be looked at
  std::vector<std::string> complaints;         // one sentence for each entry that is left out
};

// Hidden entries are left out. Throws InputError, which names the folder, when it cannot be listed.
FolderContent content_of_folder(const std::filesystem::path& folder);

// Says of the first file that it lies outside of the folders where pictures are looked for, if there is one: `expected`
// is TASK/CLASS/PICTURE or a part of it. Likewise of the first folder, which lies below them.
void complain_of_stray_files(FolderContent& content, const std::string& expected);
void complain_of_stray_folders(FolderContent& content, const std::string& expected);

// The class or task that a folder is about, as a subject of contributions. Throws InputError, which names the folder,
// when it cannot be one.
std::string subject_named_by(const std::filesystem::path& folder);

}  // namespace outrider::client
