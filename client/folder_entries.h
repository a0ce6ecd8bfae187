// What lies in a watched folder.
#pragma once

#include <filesystem>
#include <vector>

namespace outrider::client {

// Sorted; hidden ones are left out. Throws InputError, which names the folder, when it cannot be read.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);

}  // namespace outrider::client
