// Rounds of training as an experiment: every method in every setting, with every seed, in this process.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "simulations/experiment/experiment.h"
#include "simulations/federated_rounds/rounds_pictures.h"
#include "simulations/federated_rounds/rounds_report.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
RoundsScenario rounds_of(const SimulateOptions& options);

// Opens the pictures of a setting, with the first seed, and works out what every method and the merging are there, so
// that what is wrong is known before anything takes long. Throws InputError for what is.
SettingFacts look_at(const RoundsScenario& scenario, const RoundsSetting& setting);

class RoundsExperiment : public Experiment {
 public:
  explicit RoundsExperiment(const SimulateOptions& options);

  const RoundsReport& report() const { return report_; }

  std::string check() override;
  int threads() const override { return scenario().threads; }
  std::string load(const Workplace& workplace) override;
  std::size_t items() const override { return items_.size(); }
  std::string key_of(std::size_t item) const override;
  nlohmann::json run(std::size_t item, const Workplace& workplace) override;
  std::string take(std::size_t item, const nlohmann::json& record) override;
  Completion completion() const override { return report_.completion(); }
  void save(const std::filesystem::path& directory) const override;
  void summarize(std::ostream& stream) const override;
  std::string files(const std::filesystem::path& directory) const override;

 private:
  struct Item {
    const RoundsSetting* setting;
    std::uint64_t seed;
    std::size_t result;  // of the report's, which are those of methods or of merging
    bool is_merging;
  };

  const RoundsScenario& scenario() const { return report_.scenario; }
  void plan_items();
  RoundsRun run_one(const Item& item, const Workplace& workplace);

  RoundsReport report_;
  std::vector<Item> items_;
  std::optional<RoundsPictures> pictures_;  // of the latest setting and seed
  const RoundsSetting* setting_of_pictures_ = nullptr;
  std::uint64_t seed_of_pictures_ = 0;
};

}  // namespace outrider::simulations
