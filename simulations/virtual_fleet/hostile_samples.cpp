#include "simulations/virtual_fleet/hostile_samples.h"

#include "learners/averaging/learning_task.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/update_wire.h"
#include "learners/growing/growing_task.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "learners/prototypical/merge.h"
#include "learners/supermask/merge.h"

namespace outrider::simulations {
namespace {

constexpr Preprocessing kFourPixels{{1, 2, 2}, false, 0.5F, 0.5F};
constexpr const char* kSmallNetwork = "input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2";

// A network so small that a task of it is a few bytes.
BaseNetwork small_base() {
  BaseNetwork base;
  base.preprocessing = kFourPixels;
  base.network = nn::parse_network("input 1x2x2; flatten; linear 3 nobias");
  base.density = 0.5;
  return base;
}

TaskRecord small_task() {
  TaskRecord task{{"cat", "dog"}, 12, 1, {}, {}};
  LayerMask layer;
  for (std::size_t i = 0; i < 12; ++i) layer.kept.push_back(i % 2 == 0 ? 1 : 0);
  layer.values.assign(6, 0.25F);
  task.layers.push_back(std::move(layer));
  return task;
}

averaging::LearningTask small_rounds() {
  averaging::LearningTask task;
  task.preprocessing = kFourPixels;
  task.network = nn::parse_network(kSmallNetwork);
  task.classes = {"cat", "dog"};
  task.strategy = averaging::parse_strategy("fedavg rate 1");
  return task;
}

growing::GrowingTask small_growth() {
  growing::GrowingTask task;
  task.preprocessing = kFourPixels;
  task.small = {.part = nn::parse_network(kSmallNetwork), .templates = 1, .parts = 1};
  task.classes = {"cat", "dog"};
  return task;
}

}  // namespace

void add_samples(const EmbeddedData& data, WorldOptions& world) {
  const ClassState state{3, std::vector<float>(data.dimension, 1.5F), std::vector<float>(data.dimension, 0.5F)};
  const Topic topic{std::string(kPrototypeKind), data.space, "nobody's class"};
  for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8})
    world.samples.push_back({topic, encode(state, precision)});
  const BaseNetwork base = small_base();
  world.earlier_definitions.push_back(base.encode());
  world.samples.push_back({{std::string(kSupermaskKind), base.id(), "nobody's task"}, small_task().encode()});
  const averaging::LearningTask rounds = small_rounds();
  averaging::Update update;
  for (const nn::TensorSpec& tensor : averaging::shared_tensors(rounds.network, rounds.strategy))
    update.delta.tensors.push_back({tensor, std::vector<float>(tensor.size(), 0.25F)});
  world.earlier_definitions.push_back(rounds.encode());
  world.samples.push_back(
      {{std::string(averaging::kAveragingKind), rounds.id(), averaging::subject_of_update(rounds.strategy, 0)},
       averaging::encode_update(update, averaging::Encoding::kFloat32)});
  const growing::GrowingTask growth = small_growth();
  world.earlier_definitions.push_back(growth.encode());
  world.samples.push_back({{std::string(growing::kGrowingKind), growth.id(), std::string(growing::kSmallSubject)},
                           growing::encode_mixture(growing::MixtureNetwork::initial(growth.small, world.seed))});
}

}  // namespace outrider::simulations
