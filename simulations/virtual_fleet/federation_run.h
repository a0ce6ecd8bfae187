// A virtual fleet as an experiment: every seed is a world, with a part of it on every rank. The report is the same for
// any number of ranks.
#pragma once

#include <cstdint>

#include "simulations/experiment/experiment.h"
#include "simulations/virtual_fleet/assignment.h"
#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/virtual_fleet/federation_report.h"

namespace outrider::simulations {

// The scenario as its file says, but for what the options say instead. Throws InputError as the file's reader does, and
// for options that this kind has no use for.
Federation federation_of(const SimulateOptions& options);

// Its BrokenPromise names the seed, the moment and the promise that was broken, and says how to see it again.
class FleetExperiment : public Experiment {
 public:
  explicit FleetExperiment(const SimulateOptions& options);

  const FederationReport& report() const { return report_; }

  std::string check() override;
  int threads() const override;
  std::string load(const Workplace& workplace) override;
  std::size_t items() const override { return federation().seeds.size(); }
  std::string key_of(std::size_t item) const override;
  std::string called() const override { return "seeds"; }
  bool has_many_items() const override { return true; }
  void prepare(const Workplace& workplace) override;
  nlohmann::json run(std::size_t item, const Workplace& workplace) override;
  std::string take(std::size_t item, const nlohmann::json& record) override;
  Completion completion() const override { return report_.completion(); }
  void save(const std::filesystem::path& directory) const override;
  void summarize(std::ostream& stream) const override;
  std::string files(const std::filesystem::path& directory) const override;

 private:
  const Federation& federation() const { return report_.federation; }
  bool has_pictures() const { return federation().data.kind != kGaussians; }
  void draw(std::uint64_t seed, const Workplace& workplace);
  void embed(const Workplace& workplace);
  FederationRun run_seed(std::uint64_t seed, const Workplace& workplace);
  void run_processes(const Assignment& assignment, FederationRun& run, const Workplace& workplace);

  SimulateOptions options_;
  FederationPictures pictures_;  // until they are embedded
  EmbeddedData data_;
  std::uint64_t drawn_ = 0;  // the seed of `data_` where there are no pictures
  FederationReport report_;
};

}  // namespace outrider::simulations
