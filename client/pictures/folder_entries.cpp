#include "client/pictures/folder_entries.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/stat.h>

#include "knowledge/error.h"
#include "knowledge/family.h"
#include "knowledge/utf8.h"
#include "knowledge/whole_file.h"
#include "learners/data/image_folder.h"

namespace outrider::client {
namespace {

std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (!it->path().filename().native().starts_with('.')) entries.push_back(it->path());
  if (error) throw InputError("the folder " + shown(folder) + " cannot be read: " + error.message());
  std::ranges::sort(entries);
  return entries;
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileVersion version_of(const struct stat& state) {
  return {static_cast<std::uint64_t>(state.st_size), state.st_ino, nanoseconds(state.st_mtim),
          nanoseconds(state.st_ctim)};
}

// Why the entry cannot be looked at; nothing where it has gone since the folder was listed.
void note_unusable(const std::filesystem::path& entry, int error, FolderContent& content) {
  struct stat link {};
  if (error == ENOENT && ::lstat(entry.c_str(), &link) != 0) return;
  const std::string reason =
      error == ENOENT ? "it is a link to what does not exist" : std::generic_category().message(error);
  content.complaints.push_back(shown(entry) + " cannot be looked at: " + reason);
  (error == ENOENT || error == ELOOP ? content.broken_links : content.unclear).push_back(entry);
}

}  // namespace

FolderContent content_of_folder(const std::filesystem::path& folder) {
  FolderContent content;
  for (const std::filesystem::path& entry : sorted_entries(folder)) {
    struct stat state {};
    if (::stat(entry.c_str(), &state) != 0) {
      note_unusable(entry, errno, content);
    } else if (S_ISDIR(state.st_mode)) {
      content.folders.push_back(entry);
    } else if (S_ISREG(state.st_mode)) {
      content.files.emplace_back(entry, version_of(state));
    } else {
      content.complaints.push_back(shown(entry) + " is left out: it is neither a file nor a folder");
    }
  }
  return content;
}

void complain_of_stray_files(FolderContent& content, const std::string& expected) {
  if (content.files.empty()) return;
  content.complaints.push_back(shown(content.files.front().first) +
                               " is left out, and so is every file beside it: " + expected + " is expected");
}

void complain_of_stray_folders(FolderContent& content, const std::string& expected) {
  if (content.folders.empty()) return;
  content.complaints.push_back("the folder " + shown(content.folders.front()) +
                               " is left out, and so is every folder beside it: " + expected + " is expected");
}

std::string subject_named_by(const std::filesystem::path& folder) {
  std::string name = class_named_by(folder);
  require(name.front() != kOwnSubject, "the folder " + utf8::quoted(folder.string()) +
                                           " is left out: names that begin with '" + kOwnSubject +
                                           "' are the aggregator's own");
  return name;
}

}  // namespace outrider::client
