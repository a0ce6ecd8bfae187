// Files by name, alike for a folder on disk and a zip archive.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/bytes.h"
#include "knowledge/whole_file.h"

namespace outrider {

// What lies at `path`, links followed. Throws InputError when nothing does or it cannot be looked at.
std::filesystem::file_type existing_type(const std::filesystem::path& path);

// The files below a folder, in byte order of their paths, whatever the order on disk or in the archive. Hidden files
// and folders (a leading '.') are left out. Not thread-safe.
class FileTree {
 public:
  virtual ~FileTree() = default;

  // Opens a folder, or a zip archive, at `path`; of it, only what lies below the folder `inside` ("" for all, "train",
  // "data/train"). Symbolic links are followed. Throws InputError when it is missing, neither folder nor zip, a damaged
  // zip, over kMaxFiles, nested deeper than 16 folders, or without a single file or folder.
  static std::unique_ptr<FileTree> open(const std::filesystem::path& path, std::string_view inside = {});

  // Paths below the root with '/' between the parts, sorted.
  const std::vector<std::string>& names() const { return names_; }
  // Folders without any file in or below them, sorted.
  const std::vector<std::string>& empty_folders() const { return empty_folders_; }
  // The root as messages name it: "archive.zip/train".
  const std::string& root() const { return root_; }
  // As messages name the file.
  std::string where(std::size_t index) const { return shown(std::filesystem::path(root_) / names_[index]); }

  // The content of names()[index]. Throws InputError when it is damaged or claims more than `limit` bytes.
  virtual Bytes read(std::size_t index, std::uint64_t limit) = 0;

 protected:
  explicit FileTree(std::string root) : root_(std::move(root)) {}
  std::string root_;
  std::vector<std::string> names_;
  std::vector<std::string> empty_folders_;
};

// The parts of a path between '/'.
std::vector<std::string_view> path_parts(std::string_view path);

}  // namespace outrider
