#include "client/folder_entries.h"

#include <algorithm>
#include <system_error>

#include "knowledge/error.h"

namespace outrider::client {

std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (!it->path().filename().string().starts_with('.')) entries.push_back(it->path());
  if (error) throw InputError("the data folder " + folder.string() + " cannot be read: " + error.message());
  std::ranges::sort(entries);
  return entries;
}

}  // namespace outrider::client
