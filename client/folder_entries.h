// What lies in a watched folder, and what its folders are called.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace outrider::client {

// Sorted; hidden ones are left out. Throws InputError, which names the folder, when it cannot be read.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);

// The class or task that a folder is about, as a subject of contributions. Throws InputError, which names the folder,
// when it cannot be one.
std::string subject_named_by(const std::filesystem::path& folder);

}  // namespace outrider::client
