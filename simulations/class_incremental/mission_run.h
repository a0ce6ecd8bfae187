// A mission as an experiment, with real processes: its encoder is kept, and the mission and the fine-tuning, each as
// soon as it is whole.
#pragma once

#include <filesystem>
#include <optional>

#include "learners/encoders/encoder.h"
#include "simulations/class_incremental/mission.h"
#include "simulations/class_incremental/mission_report.h"
#include "simulations/experiment/experiment.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
Scenario scenario_of(const SimulateOptions& options);

class MissionExperiment : public Experiment {
 public:
  explicit MissionExperiment(const SimulateOptions& options);

  const Report& report() const { return report_; }

  std::string check() override;
  int threads() const override;
  std::string load(const Workplace& workplace) override;
  std::size_t items() const override;
  std::string key_of(std::size_t item) const override;
  std::string called() const override { return ""; }
  void prepare(const Workplace& workplace) override;
  nlohmann::json run(std::size_t item, const Workplace& workplace) override;
  std::string take(std::size_t item, const nlohmann::json& record) override;
  Completion completion() const override { return report_.completion(); }
  void save(const std::filesystem::path& directory) const override;
  void summarize(std::ostream& stream) const override;
  std::string files(const std::filesystem::path& directory) const override;

 private:
  const Scenario& scenario() const { return report_.scenario; }

  std::filesystem::path program_;
  Report report_;
  Mission mission_;
  std::optional<Encoder> encoder_;
};

}  // namespace outrider::simulations
