#include "simulations/scenario_command.h"

#include <algorithm>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "simulations/kinds.h"
#include "simulations/output_file.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

// What --kind takes, and what each is.
std::map<std::string, KindNumber> kinds_by_name(const ExperimentKinds& all) {
  std::map<std::string, KindNumber> places;
  for (std::size_t i = 0; i < all.size(); ++i) places.emplace(all[i].name, static_cast<KindNumber>(i));
  return places;
}

// As one_of, for earlier names too: then says what it is called now.
CLI::Validator one_of_kinds(const ExperimentKinds& all) {
  return {[all](std::string& text) {
            const std::string said = CLI::detail::to_lower(text);
            const auto renamed = std::ranges::find(all, said, &ExperimentKind::earlier_name);
            if (renamed != all.end() && !said.empty()) {
              std::cerr << fmt::format("outrider: the kind '{}' is now called '{}'\n", said, renamed->name);
              text = renamed->name;
            }
            return one_of(kinds_by_name(all))(text);
          },
          "", ""};
}

std::string meanings(const ExperimentKinds& all) {
  std::string text;
  for (const ExperimentKind& kind : all)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", kind.name, kind.meaning);
  return fmt::format("{} (default: {})", text, all.front().name);
}

// Stands between quotes in the file, where these would have to be escaped.
bool is_plain(const std::string& name) {
  return std::ranges::none_of(
      name, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

}  // namespace

void add_options(CLI::App& app, NewScenarioOptions& options) {
  app.add_option("name", options.name, "What the scenario is called; so is the directory of its runs")->required();
  const ExperimentKinds all = kinds();
  app.add_option("--kind", options.kind, meanings(all))->transform(one_of_kinds(all));
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
  const ExperimentKind kind = kinds().at(static_cast<std::size_t>(options.kind));
  write_durably(file, kind.example(options.name));
  fmt::print("{0}: a scenario of kind {1} to start from; check it with: outrider simulate {0} --check\n", file.string(),
             kind.name);
  return 0;
}

}  // namespace outrider::simulations
