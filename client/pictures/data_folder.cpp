#include "client/pictures/data_folder.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "knowledge/error.h"
#include "knowledge/whole_file.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLookedAt = 10'000;  // entries of a folder

// Letters to insert, to remove or to replace (Levenshtein 1966).
std::size_t edits_between(const std::string& from, const std::string& to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, replaced});
    }
  }
  return row.back();
}

// The folder beside it whose name is nearest; nothing where all are quite others.
std::optional<fs::path> meant_by(const fs::path& missing) {
  const fs::path whole = missing.has_filename() ? missing : missing.parent_path();
  const std::string name = whole.filename().string();
  std::optional<fs::path> nearest;
  std::size_t fewest = std::max<std::size_t>(2, name.size() / 3) + 1, looked_at = 0;
  std::error_code error;
  const fs::path beside = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(beside, error), end; !error && entry != end && looked_at < kMostLookedAt;
       entry.increment(error), ++looked_at) {
    std::error_code gone;
    const std::string other = entry->path().filename().string();
    const std::size_t edits = edits_between(name, other);
    if (edits >= fewest || edits >= name.size() || other.starts_with('.') || !entry->is_directory(gone)) continue;
    fewest = edits;
    nearest = whole.has_parent_path() ? entry->path() : fs::path(other);
  }
  return nearest;
}

}  // namespace

void require_data_folder(const fs::path& folder) {
  std::error_code error;
  const fs::file_type type = fs::status(folder, error).type();
  const std::string name = "the data folder " + shown(folder);
  if (type == fs::file_type::not_found) {
    const auto meant = meant_by(folder);
    throw InputError(name + " does not exist; " +
                     (meant ? "is " + shown(*meant) + " meant? Otherwise make it first"
                            : "make it first, with a folder of pictures for each class"));
  }
  if (type == fs::file_type::none) throw InputError(name + " cannot be looked at: " + error.message());
  require(type == fs::file_type::directory, name + " is no folder");
  const fs::directory_iterator listed(folder, error);
  require(!error, name + " cannot be read: " + error.message());
}

}  // namespace outrider::client
