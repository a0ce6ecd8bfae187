// Files that are there whole or not at all, even when the power fails.
#pragma once

#include <filesystem>
#include <string_view>

namespace outrider::simulations {

// Replaces the file: to a temporary beside it, synced, renamed, and the folder synced. Throws InputError, which names
// the file, when it cannot be written; an earlier one stays then.
void write_durably(const std::filesystem::path& file, std::string_view content);

// Nothing where there is no such file or it cannot be read: an empty text.
std::string content_of_file(const std::filesystem::path& file);

}  // namespace outrider::simulations
