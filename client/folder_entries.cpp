#include "client/folder_entries.h"

#include <algorithm>
#include <system_error>

#include "knowledge/error.h"
#include "knowledge/family.h"
#include "knowledge/utf8.h"
#include "learners/data/image_folder.h"

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

std::string subject_named_by(const std::filesystem::path& folder) {
  std::string name = class_named_by(folder);
  require(name.front() != kOwnSubject, "the folder " + utf8::quoted(folder.string()) +
                                           " is left out: names that begin with '" + kOwnSubject +
                                           "' are the aggregator's own");
  return name;
}

}  // namespace outrider::client
