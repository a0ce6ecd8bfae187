#include "learners/data/file_tree.h"

#include <algorithm>
#include <set>

#include <zip.h>

#include "knowledge/error.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
constexpr int kMaxDepth = 16;

bool hidden(std::string_view name) {
  const auto parts = path_parts(name);
  return std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.starts_with('.'); });
}

[[noreturn]] void refuse_size(const std::string& name, std::uint64_t size, std::uint64_t limit) {
  throw InputError(name + " has " + std::to_string(size) + " bytes; at most " + std::to_string(limit) + " are read");
}

// Of the folders, those that are no prefix of a file or of another folder's file. Both are sorted.
std::vector<std::string> without_files(const std::set<std::string>& folders, const std::vector<std::string>& files) {
  std::vector<std::string> empty;
  for (const std::string& folder : folders) {
    const std::string prefix = folder + "/";
    const auto next = std::lower_bound(files.begin(), files.end(), prefix);
    if (next == files.end() || !next->starts_with(prefix)) empty.push_back(folder);
  }
  return empty;
}

class FolderTree final : public FileTree {
 public:
  explicit FolderTree(const fs::path& path) : FileTree(path.string()), path_(path) {
    if (existing_type(path_) != fs::file_type::directory) throw InputError(root_ + " is no folder");
    try {
      list();
    } catch (const fs::filesystem_error& error) {
      throw InputError(root_ + " cannot be listed: " + error.what());
    }
  }

  Bytes read(std::size_t index, std::uint64_t limit) override { return read_file(path_ / names_[index], limit); }

 private:
  void list() {
    std::set<std::string> folders;
    const auto options = fs::directory_options::follow_directory_symlink;
    for (auto it = fs::recursive_directory_iterator(path_, options); it != fs::recursive_directory_iterator(); ++it) {
      if (it->path().filename().native().starts_with('.')) {
        it.disable_recursion_pending();
        continue;
      }
      std::string name = it->path().lexically_relative(path_).generic_string();
      if (it.depth() >= kMaxDepth)
        throw InputError(root_ + "/" + name + " is nested deeper than " + std::to_string(kMaxDepth) + " folders");
      if (it->is_directory())
        folders.insert(std::move(name));
      else
        names_.push_back(std::move(name));
      if (names_.size() + folders.size() > kMaxFiles)
        throw InputError(root_ + " holds more than " + std::to_string(kMaxFiles) + " files");
    }
    std::sort(names_.begin(), names_.end());
    empty_folders_ = without_files(folders, names_);
  }

  fs::path path_;
};

struct CloseZip {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

class ZipTree final : public FileTree {
 public:
  ZipTree(const fs::path& path, const std::string& inside)
      : FileTree(inside.empty() ? path.string() : path.string() + "/" + inside), archive_(open_archive(path)) {
    list(path.string(), inside.empty() ? "" : inside + "/");
  }

  Bytes read(std::size_t index, std::uint64_t limit) override {
    const std::string name = where(index);
    zip_stat_t status;
    if (zip_stat_index(archive_.get(), entries_[index], 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0)
      throw InputError(name + " is damaged: the archive does not say its size");
    if (status.size > limit) refuse_size(name, status.size, limit);
    const std::unique_ptr<zip_file_t, CloseZip> file(zip_fopen_index(archive_.get(), entries_[index], 0));
    if (!file) throw InputError(name + " cannot be read from its archive: " + zip_strerror(archive_.get()));

    Bytes bytes(status.size);
    const zip_int64_t got = zip_fread(file.get(), bytes.data(), bytes.size());
    // libzip compares the checksum when it meets the end, so the end is asked for.
    std::uint8_t beyond = 0;
    const zip_int64_t rest = got < 0 ? got : zip_fread(file.get(), &beyond, 1);
    if (rest < 0) throw InputError(name + " is damaged in its archive: " + zip_file_strerror(file.get()));
    if (static_cast<zip_uint64_t>(got) != status.size || rest != 0)
      throw InputError(name + " is damaged in its archive: its length is not the one claimed");
    return bytes;
  }

 private:
  static std::unique_ptr<zip_t, CloseZip> open_archive(const fs::path& path) {
    int code = 0;
    std::unique_ptr<zip_t, CloseZip> archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (archive) return archive;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw InputError(path.string() + " is no readable zip archive: " + reason);
  }

  void list(const std::string& path, const std::string& prefix) {
    const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive_.get(), 0));
    if (count > kMaxFiles) throw InputError(path + " holds more than " + std::to_string(kMaxFiles) + " files");
    std::vector<std::pair<std::string, zip_uint64_t>> files;
    std::set<std::string> folders;
    std::uint64_t unpacked = 0, packed = 0;
    for (zip_uint64_t entry = 0; entry < count; ++entry) {
      zip_stat_t status;
      if (zip_stat_index(archive_.get(), entry, 0, &status) == 0 && (status.valid & ZIP_STAT_SIZE) != 0) {
        unpacked += std::min(status.size, kMaxPictureFile);  // more is not read of any
        packed += (status.valid & ZIP_STAT_COMP_SIZE) != 0 ? std::min(status.comp_size, kMaxPictureFile) : 0;
      }
      const char* raw = zip_get_name(archive_.get(), entry, 0);
      if (raw == nullptr) throw InputError(path + " holds an entry without a name");
      std::string name = raw;
      if (!name.starts_with(prefix) || name == prefix) continue;
      name.erase(0, prefix.size());
      if (hidden(name)) continue;
      if (name.ends_with('/'))
        folders.insert(name.substr(0, name.size() - 1));
      else
        files.emplace_back(std::move(name), entry);
    }
    std::error_code gone;  // then reading will say so
    require_sane_expansion(path, unpacked, std::min<std::uint64_t>(packed, fs::file_size(path, gone)));
    std::sort(files.begin(), files.end());
    for (auto& [name, entry] : files) {
      if (!names_.empty() && names_.back() == name) throw InputError(path + " holds " + name + " twice");
      names_.push_back(std::move(name));
      entries_.push_back(entry);
    }
    empty_folders_ = without_files(folders, names_);
  }

  std::unique_ptr<zip_t, CloseZip> archive_;
  std::vector<zip_uint64_t> entries_;  // beside names_
};

}  // namespace

std::vector<std::string_view> path_parts(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t slash = 0; (slash = path.find('/')) != std::string_view::npos; path.remove_prefix(slash + 1))
    parts.push_back(path.substr(0, slash));
  parts.push_back(path);
  return parts;
}

fs::file_type existing_type(const fs::path& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::not_found) throw InputError(shown(path) + " does not exist");
  if (type == fs::file_type::none) throw InputError(shown(path) + " cannot be opened: " + error.message());
  return type;
}

std::unique_ptr<FileTree> FileTree::open(const fs::path& path, std::string_view inside) {
  const fs::file_type type = existing_type(path);
  while (inside.ends_with('/')) inside.remove_suffix(1);
  std::unique_ptr<FileTree> tree;
  if (type == fs::file_type::directory)
    tree = std::make_unique<FolderTree>(inside.empty() ? path : path / inside);
  else
    tree = std::make_unique<ZipTree>(path, std::string(inside));
  if (tree->names().empty() && tree->empty_folders().empty()) throw InputError(tree->root() + " has no files");
  return tree;
}

}  // namespace outrider
