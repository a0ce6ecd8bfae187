#include "learners/averaging/grown_state.h"

#include <utility>

#include "knowledge/error.h"
#include "learners/surgery/inheritance.h"
#include "learners/surgery/net2net.h"

namespace outrider::averaging {
namespace {

// Moments of what was there before; the others stay as they are.
void carry_moments(const surgery::Inheritance& inheritance, const nn::Parameters& old, nn::Parameters& moments,
                   surgery::Sharing sharing) {
  for (nn::Tensor& tensor : moments.tensors) {
    const surgery::InheritedTensor& inherited = inheritance.at(tensor.spec.name);
    if (!inherited.source.empty())
      tensor.values = surgery::inherited_values(inherited, old.at(inherited.source).values, sharing, tensor.values);
  }
}

GrownState after_step(const GrownState& before, const Strategy& strategy, const surgery::GrowthStep& step) {
  surgery::Inheritance inheritance = surgery::inherit(before.network, before.state.weights, step);
  GrownState grown;
  grown.state = ServerState::initial(inheritance.network, strategy,
                                     surgery::inherited_weights(inheritance, before.state.weights));
  grown.state.round = before.state.round;
  carry_moments(inheritance, before.state.momentum, grown.state.momentum, surgery::Sharing::kShared);
  carry_moments(inheritance, before.state.second, grown.state.second, surgery::Sharing::kCopied);
  grown.network = std::move(inheritance.network);
  return grown;
}

}  // namespace

GrownState grown_state(const nn::NetworkSpec& network, const Strategy& strategy, const ServerState& state,
                       std::span<const surgery::GrowthStep> steps) {
  require(!strategy.scaffold,
          "a network does not grow with scaffold: the clients' control variates would be of the network before");
  state.check(network, strategy);
  GrownState grown{network, state};
  for (const surgery::GrowthStep& step : steps) grown = after_step(grown, strategy, step);
  return grown;
}

GrownTask grown_task(const LearningTask& task, const ServerState& state, std::span<const surgery::GrowthStep> steps) {
  GrownState grown = grown_state(task.network, task.strategy, state, steps);
  GrownTask result{task, std::move(grown.state)};
  result.task.network = std::move(grown.network);
  result.task.check();
  return result;
}

ClientState grown_client(const LearningTask& task, const ServerState& given, const ClientState& own,
                         std::span<const surgery::GrowthStep> steps) {
  require(own.control.tensors.empty(), "a client's state does not grow with scaffold's control variates");
  if (own.local.tensors.empty()) return {};
  const surgery::Grown grown = surgery::grow(task.network, personal_weights(given, own), steps);
  ClientState state;
  for (const nn::TensorSpec& tensor : local_tensors(grown.network, task.strategy))
    state.local.tensors.push_back(grown.parameters.at(tensor.name));
  return state;
}

}  // namespace outrider::averaging
