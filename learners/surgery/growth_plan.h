// How to grow where nobody has learned how (growth_policy.h): in turn wider everywhere and deeper at every resolution,
// as far as training still fits the capacity of who trains.
#pragma once

#include <cstdint>
#include <vector>

#include "learners/nn/network.h"
#include "learners/surgery/growth_step.h"
#include "learners/surgery/plateau.h"
#include "learners/training/training_cost.h"

namespace outrider::surgery {

struct GrowthPlan {
  double factor = 2;        // that widths are multiplied by, or a half or a quarter of the way where that is too much
  std::int64_t kernel = 3;  // of convolutions that are put in
  training::Workload workload{};
  training::Budget capacity{};  // of training the grown network (training::training_cost)
  std::uint64_t seed = 0;
  bool fresh = false;  // whether new channels are drawn instead of copied: WidenStep::fresh

  // Throws InputError unless 1 < factor <= 16 and the kernel is one that a DeepenStep can have.
  void check() const;
};

// Growth number `growth`, from 0: even ones widen every group of channels that can change; odd ones put a layer after
// the last ReLU of each resolution, or of the network where none has more than one pixel, leaving out the costliest
// that do not fit. Where nothing of its kind fits, the other kind; where that does not either, no steps. Throws
// InputError when plan or network are not valid.
std::vector<GrowthStep> planned_growth(const GrowthPlan& plan, const nn::NetworkSpec& network, std::uint64_t growth);

// The default controller: growths of the plan whenever the plateau rule says so.
class GrowthController {
 public:
  // Throws InputError unless rule and plan pass their checks.
  GrowthController(const PlateauRule& rule, const GrowthPlan& plan, const PlateauState& state = {});

  // After each observation of the network that is being trained: the steps to take now, mostly none.
  std::vector<GrowthStep> observe(double score, const nn::NetworkSpec& network);
  const PlateauState& state() const { return plateau_.state(); }

 private:
  PlateauController plateau_;
  GrowthPlan plan_;
};

}  // namespace outrider::surgery
