// A study of task sequences as an experiment: every method, at every density where it has one, with every seed, in this
// process.
#pragma once

#include <cstdint>
#include <optional>

#include "simulations/experiment/experiment.h"
#include "simulations/task_incremental/study_report.h"
#include "simulations/task_incremental/task_sequence.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
Study study_of(const SimulateOptions& options);

class StudyExperiment : public Experiment {
 public:
  explicit StudyExperiment(const SimulateOptions& options);

  const StudyReport& report() const { return report_; }

  std::string check() override;
  int threads() const override { return study().threads; }
  std::string load(const Workplace& workplace) override;
  std::size_t items() const override;
  std::string key_of(std::size_t item) const override;
  nlohmann::json run(std::size_t item, const Workplace& workplace) override;
  std::string take(std::size_t item, const nlohmann::json& record) override;
  Completion completion() const override { return report_.completion(); }
  void save(const std::filesystem::path& directory) const override;
  void summarize(std::ostream& stream) const override;
  std::string files(const std::filesystem::path& directory) const override;

 private:
  const Study& study() const { return report_.study; }
  std::uint64_t seed_of(std::size_t item) const;

  DatasetPair data_;
  std::optional<TaskSequence> tasks_;  // of the latest seed
  std::uint64_t seed_of_tasks_ = 0;
  StudyReport report_;
};

}  // namespace outrider::simulations
