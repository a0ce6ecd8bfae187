// What a run has found so far, kept in its directory: a run that was interrupted, or killed at any moment, goes on from
// there. One value per finished piece of work, under a key of its own:
//
//   RunJournal journal = open_run(options, directory);    // run_origin.h
//   for (seed : seeds) {
//     const std::string key = fmt::format("seed {}", seed);
//     std::optional<json> result = journal.get(key);
//     if (!result) journal.put(key, result.emplace(work(seed)));
//     …
//   }
//
// Numbers come back as the very bits that were put.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "simulations/experiment/run_directory.h"

namespace outrider::simulations {

class RunJournal {
 public:
  // Throws InputError when the directory cannot be written.
  RunJournal(const std::filesystem::path& directory, RunLock lock);

  // Nothing where there is none, or where it is damaged: then the work is to be done again.
  std::optional<nlohmann::json> get(const std::string& key) const;
  // Durable when it returns; replaces an earlier one. Throws InputError when it cannot be written.
  void put(const std::string& key, const nlohmann::json& value);

 private:
  std::filesystem::path file_of(const std::string& key) const;

  std::filesystem::path folder_;
  RunLock lock_;
};

}  // namespace outrider::simulations
