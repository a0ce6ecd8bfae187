#include "simulations/class_incremental/fine_tuning.h"

#include <algorithm>
#include <cstdint>

#include "learners/baselines/fine_tuning.h"

namespace outrider::simulations {

std::vector<double> fine_tune_in_sequence(const Scenario& scenario, const Mission& mission, const Encoder& encoder,
                                          int threads, const std::function<void()>& advanced,
                                          const std::function<void()>& poll) {
  const std::size_t base = mission.base_classes.size();
  const FineTuning& options = scenario.fine_tuning;
  baselines::FineTunedHead tuning(encoder, base + mission.new_classes.size(),
                                  {options.epochs, options.batch, options.learning_rate, scenario.seed, threads}, poll);
  baselines::Examples tests;
  baselines::Examples base_examples;
  for (std::uint32_t output = 0; output < base; ++output) {
    const BaseClass& known = mission.base_classes[output];
    const std::size_t count = std::min(scenario.mission.shots, known.examples.size());
    base_examples.append(mission.base, {known.examples.begin(), known.examples.begin() + static_cast<long>(count)},
                         output, tuning.preprocessing());
    tests.append(mission.test_pool, known.tests, output, tuning.preprocessing());
  }
  if (base > 0) tuning.train(base_examples, scenario.mission.steps);
  std::vector<double> accuracies;
  for (std::size_t step = 0; step < scenario.mission.steps; ++step) {
    // Client after client, as if one model travelled among them.
    for (std::size_t client = 0; client < scenario.mission.clients; ++client) {
      baselines::Examples support;
      for (std::uint32_t i = 0; i < mission.new_classes.size(); ++i) {
        const NewClass& added = mission.new_classes[i];
        if (added.step != step || added.client != client) continue;
        const auto output = static_cast<std::uint32_t>(base + i);
        support.append(mission.support_pool, added.support, output, tuning.preprocessing());
        tests.append(mission.test_pool, added.tests, output, tuning.preprocessing());
      }
      if (support.size() > 0) tuning.train(support, step * scenario.mission.clients + client);
    }
    accuracies.push_back(static_cast<double>(tuning.correct(tests)) / static_cast<double>(tests.size()));
    if (advanced) advanced();
  }
  return accuracies;
}

}  // namespace outrider::simulations
