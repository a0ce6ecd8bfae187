// For tests: a growing task on small pictures, and clients of it.
#pragma once

#include <vector>

#include "knowledge/test_clients.h"
#include "learners/data/test_tasks.h"
#include "learners/growing/growth_record.h"
#include "learners/growing/mixture_training.h"
#include "learners/growing/test_mixtures.h"

namespace outrider::growing {

inline GrowingTask test_growing_task(std::uint32_t parts = 2) {
  GrowingTask task;
  task.preprocessing = {kTestPicture, false, 0.4F, 0.3F};
  task.small.part = nn::parse_network("input 1x6x6; linear 12; relu; linear 12; relu; linear 3");
  task.classes = {"a", "b", "c"};
  task.parts = parts;
  task.alone = {.batch = 10, .epochs = 20, .rate = 0.05F};
  task.seed = 3;
  task.crossings.seed = 3;
  return task;
}

inline GrowthRecord test_record(const GrowingTask& task) {
  std::vector<ClientId> clients;
  std::vector<MixtureNetwork> parts;
  for (unsigned client = 0; client < task.parts; ++client) {
    clients.push_back(shuffled_client(client));
    parts.push_back(random_mixture(task.small, client));
  }
  return GrowthRecord::of(task, std::move(clients), std::move(parts));
}

}  // namespace outrider::growing
