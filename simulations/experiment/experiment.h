// An experiment of any kind, as the runner (runner.h) sees it: pieces of work, a record of what each came to, and a
// report of those that there are. A kind is a folder with an Experiment and a line in simulations/kinds.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "simulations/experiment/completion.h"
#include "simulations/experiment/progress.h"
#include "simulations/experiment/run_journal.h"
#include "simulations/experiment/run_options.h"
#include "simulations/world/exchange.h"

namespace outrider::simulations {

// A promise of the system that it did not keep; what() says which, and how to see it again. Thrown on all ranks.
class BrokenPromise : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where an experiment works.
struct Workplace {
  const std::filesystem::path& directory;  // for its report and whatever else it leaves
  ProgressDisplay& display;
  Exchange& exchange;
  RunJournal* journal = nullptr;  // of the first rank, once there is one: for what precedes the items
  // Throws Interrupted after ctrl-C where no other rank would wait for this one; to be called several times a second.
  std::function<void()> poll{};
  // Likewise on all ranks, when any was asked to stop; to be called by all at the same place.
  std::function<void()> poll_together{};
};

// Made from a scenario file and what the options say instead: InputError for what is wrong with either. Then either
// check(), or what follows it, in that order.
class Experiment {
 public:
  Experiment() = default;
  virtual ~Experiment() = default;
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;

  // "a study of 5 tasks, …": opens the data and works out all that can be known before anything takes long. Throws
  // InputError for what could not be run.
  virtual std::string check() = 0;
  // Of OpenMP's, by this process at any time.
  virtual int threads() const = 0;

  // Opens the data; ctrl-C ends it at once, as there is nothing to keep. Returns a digest of the data: only on the same
  // ones the run is gone on with. Throws InputError as check().
  virtual std::string load(const Workplace& workplace) = 0;
  // The pieces of work and their keys in the journal, in the order in which they are done.
  virtual std::size_t items() const = 0;
  virtual std::string key_of(std::size_t item) const = 0;
  // What people call several of them, for the display; empty: each shows how it goes itself.
  virtual std::string called() const { return "runs"; }
  // Whether there may be so many that they are looked up only until one is missing, and the report is saved at the
  // beginning and the end instead of after each. An experiment over several ranks is one.
  virtual bool has_many_items() const { return false; }
  // What all items need and takes long, before the first of them, also where they are all there already.
  virtual void prepare(const Workplace& /*workplace*/) {}
  // Does one piece of work. Its record is all that the report gets to know of it; of other ranks than the first it is
  // not asked. Throws Interrupted, when what there is of it is lost but for what the report may say of it.
  virtual nlohmann::json run(std::size_t item, const Workplace& workplace) = 0;
  // Puts a record, of now or of the journal, into the report; null on other ranks than the first. Returns what is
  // worth to be said of it beside the progress.
  virtual std::string take(std::size_t item, const nlohmann::json& record) = 0;

  // Of the report as far as it goes, whole or partial.
  virtual Completion completion() const = 0;
  virtual void save(const std::filesystem::path& directory) const = 0;
  virtual void summarize(std::ostream& stream) const = 0;
  // Which files save() leaves, for people.
  virtual std::string files(const std::filesystem::path& directory) const = 0;
};

using OpenExperiment = std::function<std::unique_ptr<Experiment>(const SimulateOptions&)>;

template <typename Kind>
std::unique_ptr<Experiment> open_as(const SimulateOptions& options) {
  return std::make_unique<Kind>(options);
}

}  // namespace outrider::simulations
