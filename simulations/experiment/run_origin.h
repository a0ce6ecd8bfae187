// What a run began with: only the same run is gone on with.
#pragma once

#include <filesystem>
#include <string>

#include "simulations/experiment/interruption.h"
#include "simulations/experiment/run_journal.h"
#include "simulations/experiment/run_options.h"

namespace outrider::simulations {

// Where `options.resume`: the options that the run in the directory began with. Throws InputError when there is none
// that can be resumed, or when it began with another scenario, program version, seed, number of episodes or place of
// the data than `options` ask for; what they leave open is as it was. Otherwise the options themselves, or InputError
// when the directory holds something else than an earlier run: before anything takes long.
SimulateOptions options_of_run(const SimulateOptions& options, const std::filesystem::path& directory);

// Opens the run's journal: that of the run in the directory where `options.resume`, else that of a new one that
// replaces an earlier run. `options` are those of options_of_run, `data` is a digest of the data that the run works on.
// Throws InputError as options_of_run and prepare_run_directory, and when the run to resume began with other data.
RunJournal open_run(const SimulateOptions& options, const std::filesystem::path& directory, const std::string& data);

// Throws Interrupted, which tells the command that resumes the run, when the report that was saved is partial.
void require_whole(const Completion& completion, const SimulateOptions& options, const std::filesystem::path& directory,
                   const Interruption& interruption);
// The sentence of that. `done` as in Completion.
std::string how_to_resume(const SimulateOptions& options, const std::filesystem::path& directory,
                          const std::string& done);

}  // namespace outrider::simulations
