// The verb `outrider scenario new`: a scenario file to start from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace outrider::simulations {

// The place of a kind among those of kinds.h.
enum class KindNumber : std::uint8_t {};

struct NewScenarioOptions {
  std::string name;
  KindNumber kind{};
  std::filesystem::path output;  // empty: NAME.toml
  bool replace = false;          // an earlier file
};
void add_options(CLI::App& app, NewScenarioOptions& options);
// Returns the exit code; throws InputError when the file is there and not to be replaced, cannot be written, or no
// scenario can have that name.
int run_new_scenario(const NewScenarioOptions& options);

}  // namespace outrider::simulations
