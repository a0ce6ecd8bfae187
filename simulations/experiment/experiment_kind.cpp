#include "simulations/experiment/experiment_kind.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {

const ExperimentKind& kind_of(const std::filesystem::path& file, const ExperimentKinds& kinds) {
  assert(!kinds.empty());
  const TomlFile scenario(file);
  const auto found =
      std::ranges::find_if(kinds, [&](const ExperimentKind& kind) { return scenario.root().contains(kind.table); });
  return found == kinds.end() ? kinds.front() : *found;
}

std::string check_scenario(const ExperimentKind& kind, const SimulateOptions& options) {
  const std::string file = options.scenario.string();
  try {
    return fmt::format("{}: {}: valid", file, kind.open(options)->check());
  } catch (const InputError& error) {
    // What the file itself is to blame for begins with it.
    const std::string sentence = error.what();
    throw InputError(sentence.find(file) == std::string::npos ? file + ": " + sentence : sentence);
  }
}

}  // namespace outrider::simulations
