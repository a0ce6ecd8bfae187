#include "simulations/scenario_command.h"

#include <algorithm>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "simulations/output_file.h"
#include "simulations/scenario/scenario_file.h"
#include "simulations/scenario_template.h"

namespace outrider::simulations {
namespace {

std::map<std::string, ScenarioKind> kinds_by_name() {
  std::map<std::string, ScenarioKind> kinds;
  for (std::size_t i = 0; i < kScenarioKinds.size(); ++i)
    kinds.emplace(kScenarioKinds[i], static_cast<ScenarioKind>(i));
  return kinds;
}

// Stands between quotes in the file, where these would have to be escaped.
bool is_plain(const std::string& name) {
  return std::ranges::none_of(
      name, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

}  // namespace

void add_options(CLI::App& app, NewScenarioOptions& options) {
  app.add_option("name", options.name, "What the scenario is called; so is the directory of its runs")->required();
  app.add_option("--kind", options.kind,
                 "mission: real processes meet new classes; study: methods learn one task after the other; federation: "
                 "many clients under virtual time; rounds: clients train one network together (default: mission)")
      ->transform(one_of(kinds_by_name()));
  app.add_option("--output", options.output, "The file to write (default: NAME.toml)");
  add_replace_option(app, options.replace);
}

int run_new_scenario(const NewScenarioOptions& options) {
  if (!names_directory(options.name) || !is_plain(options.name))
    throw InputError(
        fmt::format("the scenario's name '{}' must be a name for a directory, without quotes or "
                    "backslashes",
                    options.name));
  const std::filesystem::path file =
      options.output.empty() ? std::filesystem::path(options.name + ".toml") : options.output;
  require_output(file, options.replace);
  write_durably(file, scenario_template(options.kind, options.name));
  fmt::print("{0}: a {1} to start from; check it with: outrider simulate {0} --check\n", file.string(),
             kScenarioKinds[static_cast<std::size_t>(options.kind)]);
  return 0;
}

}  // namespace outrider::simulations
