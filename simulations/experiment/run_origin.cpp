#include "simulations/experiment/run_origin.h"

#include <cerrno>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/whole_file.h"
#include "simulations/experiment/shell_words.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Of what the journals of runs keep: to be raised when a record changes that an earlier program has written.
constexpr int kRecordFormat = 1;

fs::path origin_file(const fs::path& directory) {
  return directory / "run.json";
}

json origin_of(const SimulateOptions& options, const std::string& data) {
  json origin{{"outrider", OUTRIDER_VERSION}, {"format", kRecordFormat}, {"data_digest", data}};
  if (options.seed) origin["seed"] = *options.seed;
  if (!options.seeds.empty()) origin["seeds"] = options.seeds;
  if (options.processes) origin["processes"] = true;
  if (options.namespaces) origin["namespaces"] = true;
  if (options.episodes) origin["episodes"] = *options.episodes;
  if (options.data.empty()) return origin;
  origin["data"] = fs::absolute(options.data).lexically_normal().string();
  origin["data_as_written"] = options.data.string();
  return origin;
}

json load_origin(const fs::path& directory) {
  json origin = json::parse(content_of_file(origin_file(directory), kMostScenarioBytes), nullptr, false);
  if (!origin.is_object() || !origin.contains("outrider"))
    throw InputError("there is no run to resume in " + directory.string() + "; start it without --resume");
  return origin;
}

std::string text_of_setting(const json& value) {
  return value.is_string() ? value.get<std::string>() : json_text(value);
}

// What the user says now may be left out, but must not be something else than at the beginning.
void require_setting(const json& began, const json& now, const std::string& name, const fs::path& directory) {
  if (!now.contains(name) || (began.contains(name) && began.at(name) == now.at(name))) return;
  throw InputError(fmt::format("the run in {} began {}, so it cannot be resumed with --{} {}", directory.string(),
                               began.contains(name) ? fmt::format("with --{} {}", name, text_of_setting(began.at(name)))
                                                    : fmt::format("without --{}", name),
                               name, text_of_setting(now.at(name))));
}

}  // namespace

SimulateOptions options_of_run(const SimulateOptions& options, const fs::path& directory) {
  if (!options.resume) {
    require_run_or_nothing(directory);
    return options;
  }
  const json began = load_origin(directory);
  const json now = origin_of(options, "");
  if (began.at("outrider") != now.at("outrider"))
    throw InputError(fmt::format("the run in {} was begun by version {} of outrider, and this is {}",
                                 directory.string(), text_of_setting(began.at("outrider")), OUTRIDER_VERSION));
  if (began.value("format", json()) != now.at("format"))
    throw InputError(fmt::format("the run in {} keeps its results in format {}, and this program in format {}",
                                 directory.string(), json_text(began.value("format", json())), kRecordFormat));
  if (content_of_file(options.scenario, kMostScenarioBytes) !=
      content_of_file(scenario_of_run(directory), kMostScenarioBytes))
    throw InputError(
        fmt::format("the scenario {} is not the one that the run in {} began with, of which there is a "
                    "copy in {}",
                    options.scenario.string(), directory.string(), scenario_of_run(directory).string()));
  for (const char* name : {"seed", "seeds", "processes", "namespaces", "episodes", "data"})
    require_setting(began, now, name, directory);
  SimulateOptions all = options;
  if (began.contains("seed")) all.seed = began.at("seed").get<std::uint64_t>();
  if (began.contains("seeds")) all.seeds = began.at("seeds").get<std::string>();
  all.processes = began.contains("processes");
  all.namespaces = began.contains("namespaces");
  if (began.contains("episodes")) all.episodes = began.at("episodes").get<std::uint64_t>();
  if (!began.contains("data")) return all;
  // As it was written, which is how reports tell it, unless that is another place from here.
  all.data = began.at("data_as_written").get<std::string>();
  if (origin_of(all, "").at("data") != began.at("data")) all.data = began.at("data").get<std::string>();
  return all;
}

RunJournal open_run(const SimulateOptions& options, const fs::path& directory, const std::string& data) {
  if (!options.resume) {
    RunJournal journal(directory, prepare_run_directory(directory, options.scenario));
    // Last, and durable: a directory with this file is a run that can be resumed.
    write_durably(origin_file(directory), json_text(origin_of(options, data), 2) + '\n');
    return journal;
  }
  if (load_origin(directory).value("data_digest", "") != data)
    throw InputError("the data set is not the one that the run in " + directory.string() + " began with");
  return {directory, RunLock(directory)};
}

void require_whole(const Completion& completion, const SimulateOptions& options, const fs::path& directory,
                   const Interruption& interruption) {
  if (completion.whole()) return;
  throw Interrupted(interruption.signal(), how_to_resume(options, directory, completion.done));
}

std::string how_to_resume(const SimulateOptions& options, const fs::path& directory, const std::string& done) {
  std::string command = fmt::format("{} simulate {} --resume", quoted_for_shell(::program_invocation_name),
                                    quoted_for_shell(options.scenario.string()));
  if (!options.output.empty()) command += " --output " + quoted_for_shell(options.output.string());
  return fmt::format("interrupted with {}, which {}/report.json holds; this goes on: {}", done, directory.string(),
                     command);
}

}  // namespace outrider::simulations
