#include "client/pictures/picture_files.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

bool is_picture_name(const fs::path& file) {
  std::string end = file.extension().string();
  std::ranges::transform(end, end.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array<std::string_view, 3> kEnds{".png", ".jpg", ".jpeg"};
  return std::ranges::find(kEnds, end) != kEnds.end();
}

}  // namespace

std::vector<fs::path> picture_files(const fs::path& named) {
  std::error_code error;
  if (!fs::is_directory(named, error)) return {named};
  std::vector<fs::path> files;
  const std::string where = "the folder " + utf8::quoted(named.string());
  fs::recursive_directory_iterator entry(named, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    std::error_code gone;
    if (hidden) {
      if (entry->is_directory(gone)) entry.disable_recursion_pending();
    } else if (is_picture_name(entry->path()) && !entry->is_directory(gone)) {
      files.push_back(entry->path());
      require(files.size() <= kMostPictureFiles,
              where + " has more than " + std::to_string(kMostPictureFiles) + " pictures: name a folder below it");
    }
  }
  require(!error, where + " cannot be read: " + error.message());
  require(!files.empty(), where + " has no pictures (.png, .jpg, .jpeg)");
  std::ranges::sort(files);
  return files;
}

}  // namespace outrider::client
