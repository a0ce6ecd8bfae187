#include "simulations/experiment/runner.h"

#include <cassert>
#include <iostream>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "knowledge/error.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/experiment/run_origin.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class Runner {
 public:
  Runner(const SimulateOptions& options, Exchange& exchange, ProgressDisplay& display, Interruption& interruption)
      : options_(options), exchange_(exchange), display_(display), interruption_(interruption) {}

  std::unique_ptr<Experiment> run(const OpenExperiment& open) {
    std::string data;
    together(exchange_, [&] { data = load(open); });
    interruption_.defer();
    // Nothing of an earlier run is lost to a scenario that cannot run.
    on_first_rank([&] {
      journal_.emplace(open_run(options_, directory_, data));
      workplace_.journal = &*journal_;
    });
    recall();
    save();
    try {
      run_missing();
    } catch (const Interrupted&) {
      // What is finished is kept, and the report says what is missing.
    } catch (const BrokenPromise&) {
      save();
      throw;
    }
    save();
    return std::move(experiment_);
  }

 private:
  bool is_first() const { return exchange_.rank() == 0; }

  void on_first_rank(const std::function<void()>& action) {
    together(exchange_, [&] {
      if (is_first()) action();
    });
  }

  // What rank 0 says, on all ranks.
  std::size_t said_by_first(std::size_t mine) {
    return static_cast<std::size_t>(
        exchange_.earliest(is_first() ? Instant(static_cast<Instant::rep>(mine)) : kNever).count());
  }

  // Throws Interrupted on all ranks when any was asked to stop.
  void check_together() {
    const auto signal = -exchange_.earliest(Instant(-interruption_.signal())).count();
    if (signal > 0) interruption_.request(static_cast<int>(signal));
    interruption_.check();
  }

  // Between two such moments, where no other rank would wait for this one for ever.
  void check_alone() const {
    if (exchange_.ranks() == 1) interruption_.check();
  }

  std::string load(const OpenExperiment& open) {
    directory_ = run_directory(options_.output, name_of_scenario(options_.scenario));
    options_ = options_of_run(options_, directory_);
    experiment_ = open(options_);
    assert(exchange_.ranks() == 1 || experiment_->has_many_items());
    return experiment_->load(workplace_);
  }

  void save() {
    on_first_rank([&] { experiment_->save(directory_); });
  }

  void recall() {
    done_.resize(experiment_->items());
    std::size_t found = 0;
    on_first_rank([&] {
      for (std::size_t item = 0; item < done_.size(); ++item) {
        const auto kept = journal_->get(experiment_->key_of(item));
        if (!kept && experiment_->has_many_items()) break;
        if (!kept) continue;
        take(item, *kept);
        ++found;
      }
    });
    found = said_by_first(found);
    if (!is_first())
      for (std::size_t item = 0; item < found; ++item) take(item, {});
    missing_ = done_.size() - found;
    if (found > 0 && !experiment_->called().empty())
      display_.say(fmt::format("{} {} are there already", found, experiment_->called()));
  }

  std::string take(std::size_t item, const json& record) {
    done_[item] = true;
    return experiment_->take(item, record);
  }

  void run_missing() {
    experiment_->prepare(workplace_);
    std::optional<Phase> phase;
    if (!experiment_->called().empty()) phase.emplace(display_, experiment_->called(), missing_);
    for (std::size_t item = 0; item < done_.size(); ++item) {
      if (done_[item]) continue;
      check_together();
      std::string note = take(item, kept_or_run(item));
      if (!experiment_->has_many_items()) save();
      if (!phase) continue;
      if (!note.empty()) phase->note(std::move(note));
      phase->advance();
    }
  }

  json kept_or_run(std::size_t item) {
    const std::string key = experiment_->key_of(item);
    auto kept = journal_ && experiment_->has_many_items() ? journal_->get(key) : std::nullopt;
    if (said_by_first(kept ? 1 : 0) == 1) return kept ? std::move(*kept) : json();
    json record = experiment_->run(item, workplace_);
    on_first_rank([&] { journal_->put(key, record); });
    return is_first() ? std::move(record) : json();
  }

  SimulateOptions options_;
  Exchange& exchange_;
  ProgressDisplay& display_;
  Interruption& interruption_;
  fs::path directory_;
  std::optional<RunJournal> journal_;  // of rank 0
  Workplace workplace_{
      directory_, display_, exchange_, nullptr, [this] { check_alone(); }, [this] { check_together(); }};
  std::unique_ptr<Experiment> experiment_;
  std::vector<bool> done_;  // by item
  std::size_t missing_ = 0;
};

int fail(const Exchange& exchange, const std::string& sentence) {
  if (exchange.rank() == 0) std::cerr << "outrider: " << sentence << '\n';
  return 1;
}

}  // namespace

std::unique_ptr<Experiment> run_experiment(const OpenExperiment& open, const SimulateOptions& options,
                                           Exchange& exchange, ProgressDisplay& display, Interruption& interruption) {
  return Runner(options, exchange, display, interruption).run(open);
}

int show_experiment(const OpenExperiment& open, const SimulateOptions& options, Exchange& exchange,
                    Interruption& interruption) {
  std::ostream nowhere(nullptr);
  const bool shown = exchange.rank() == 0;
  ProgressDisplay display(shown ? std::cerr : nowhere, shown && is_terminal(STDERR_FILENO));
  std::unique_ptr<Experiment> experiment;
  try {
    experiment = run_experiment(open, options, exchange, display, interruption);
  } catch (const BrokenPromise& broken) {
    return fail(exchange, std::string("a promise was broken: ") + broken.what());
  } catch (const InputError& error) {
    return fail(exchange, error.what());
  }
  if (!shown) return 0;
  const fs::path directory = run_directory(options.output, name_of_scenario(options.scenario));
  experiment->summarize(std::cout);
  std::cout << fmt::format("\nreport: {}\n", experiment->files(directory));
  require_whole(experiment->completion(), options, directory, interruption);
  return 0;
}

}  // namespace outrider::simulations
