// The verb `outrider compare`: lays runs side by side.
#pragma once

#include <filesystem>
#include <vector>

namespace CLI {
class App;
}

namespace outrider::simulations {

struct CompareOptions {
  std::vector<std::filesystem::path> runs;  // directories, or their report.json
  std::filesystem::path html;               // empty: no page
  bool replace = false;                     // an earlier page
  bool json = false;
};
void add_options(CLI::App& app, CompareOptions& options);
// Returns the exit code; throws InputError for runs that cannot be read or have nothing in common.
int run_compare(const CompareOptions& options);

}  // namespace outrider::simulations
