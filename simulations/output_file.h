// The one file that a verb writes, for whoever starts from it.
#pragma once

#include <filesystem>

namespace CLI {
class App;
}

namespace outrider::simulations {

// Adds --replace.
void add_replace_option(CLI::App& app, bool& replace);

// To be asked before the work: throws InputError where the file could not be written, or is there already and is not to
// be replaced.
void require_output(const std::filesystem::path& file, bool replace);

}  // namespace outrider::simulations
