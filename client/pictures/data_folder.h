// The folder that a client is to watch.
#pragma once

#include <filesystem>

namespace outrider::client {

// Throws InputError unless there is such a folder and it can be listed; where there is none, the sentence names the one
// beside it that the user may have meant. None is created: a misspelt one would be watched in vain.
void require_data_folder(const std::filesystem::path& folder);

}  // namespace outrider::client
