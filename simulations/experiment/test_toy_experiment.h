// For tests of the runner: a kind of experiment that takes no time. It adds the numbers from 1 to N, one after the
// other.
#pragma once

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "simulations/experiment/experiment_kind.h"
#include "simulations/experiment/run_directory.h"
#include "simulations/scenario/scenario_file.h"

namespace outrider::simulations {

// name = "sums", [addition] numbers = N, broken_at = K.
class AdditionExperiment : public Experiment {
 public:
  explicit AdditionExperiment(const SimulateOptions& options) {
    const TomlFile file(options.scenario);
    file.table("addition", [&](TomlReader& reader) {
      read_settings(reader, {integer_setting("numbers", numbers_, 1, 1000, "how many"),
                             integer_setting("broken_at", broken_at_, 0, 1000, "where a promise is broken")});
    });
  }

  const std::vector<std::uint64_t>& report() const { return sums_; }
  std::size_t runs() const { return runs_; }  // of this process

  std::string check() override { return fmt::format("an addition of {} numbers", numbers_); }
  int threads() const override { return 1; }
  std::string load(const Workplace& /*workplace*/) override { return "whole numbers"; }
  std::size_t items() const override { return numbers_; }
  std::string key_of(std::size_t item) const override { return fmt::format("number {}", item + 1); }
  std::string called() const override { return "numbers"; }
  nlohmann::json run(std::size_t item, const Workplace& workplace) override {
    ++runs_;
    if (item + 1 == broken_at_) throw BrokenPromise("the sum is wrong");
    Phase phase(workplace.display, key_of(item), item + 1);
    for (std::size_t step = 0; step <= item; ++step) {
      workplace.poll();
      phase.advance();
    }
    return item + 1;
  }
  std::string take(std::size_t /*item*/, const nlohmann::json& record) override {
    sums_.push_back((sums_.empty() ? 0 : sums_.back()) + record.get<std::uint64_t>());
    return fmt::format("{}", sums_.back());
  }
  Completion completion() const override {
    Completion made{fmt::format("{} of {} numbers done", sums_.size(), numbers_), {}};
    for (std::size_t item = sums_.size(); item < numbers_; ++item) made.missing.push_back(key_of(item));
    return made;
  }
  void save(const std::filesystem::path& directory) const override {
    save_report({{"sums", sums_}}, completion(), directory);
  }
  void summarize(std::ostream& stream) const override {
    print_notice(completion(), stream);
    stream << "sums: " << fmt::format("{}", sums_.empty() ? 0 : sums_.back()) << '\n';
  }
  std::string files(const std::filesystem::path& directory) const override {
    return directory.string() + "/report.json";
  }

 private:
  std::size_t numbers_ = 10;
  std::size_t broken_at_ = 0;
  std::vector<std::uint64_t> sums_;
  std::size_t runs_ = 0;
};

inline ExperimentKind addition() {
  return {.name = "addition",
          .earlier_name = {},
          .meaning = "whole numbers are added",
          .table = "addition",
          .open = open_as<AdditionExperiment>,
          .example = [](const std::string& name) { return "name = '" + name + "'\n[addition]\nnumbers = 10\n"; }};
}

}  // namespace outrider::simulations
