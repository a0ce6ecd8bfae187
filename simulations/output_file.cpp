#include "simulations/output_file.h"

#include <CLI/CLI.hpp>

#include "knowledge/whole_file.h"

namespace outrider::simulations {

void add_replace_option(CLI::App& app, bool& replace) {
  app.add_flag("--replace", replace, "Overwrite the file if it is there already");
}

void require_output(const std::filesystem::path& file, bool replace) {
  require_writable(file);
  require_new(file, replace);
}

}  // namespace outrider::simulations
