#include "learners/averaging/update.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {
namespace {

bool is_normalisation(const nn::Layer& layer) {
  return std::holds_alternative<nn::BatchNorm>(layer) || std::holds_alternative<nn::InstanceNorm>(layer) ||
         std::holds_alternative<nn::InstanceBatchNorm>(layer);
}

}  // namespace

bool takes_narrow(const Strategy& strategy) {
  return !strategy.scaffold && !std::holds_alternative<Krum>(strategy.combination) &&
         !std::holds_alternative<MultiKrum>(strategy.combination);
}

std::vector<nn::TensorSpec> shared_tensors(const nn::NetworkSpec& network, const Strategy& strategy) {
  std::vector<nn::TensorSpec> tensors = nn::network_tensors(network);
  if (strategy.local_norms)
    std::erase_if(tensors,
                  [&](const nn::TensorSpec& tensor) { return is_normalisation(network.layers[tensor.layer]); });
  return tensors;
}

std::vector<nn::TensorSpec> local_tensors(const nn::NetworkSpec& network, const Strategy& strategy) {
  const auto shared = shared_tensors(network, strategy);
  std::vector<nn::TensorSpec> local = nn::network_tensors(network);
  std::erase_if(local, [&](const nn::TensorSpec& tensor) { return std::ranges::find(shared, tensor) != shared.end(); });
  return local;
}

std::vector<nn::TensorSpec> controlled_tensors(const nn::NetworkSpec& network, const Strategy& strategy) {
  if (!strategy.scaffold) return {};
  std::vector<nn::TensorSpec> tensors = shared_tensors(network, strategy);
  std::erase_if(tensors, [](const nn::TensorSpec& tensor) { return !tensor.trainable(); });
  return tensors;
}

void check_tensors(const nn::Parameters& parameters, const std::vector<nn::TensorSpec>& expected,
                   const std::string& what) {
  require(parameters.tensors.size() == expected.size(),
          fmt::format("{} has {} tensors; expected {}", what, parameters.tensors.size(), expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const nn::Tensor& tensor = parameters.tensors[i];
    require(tensor.spec == expected[i] && tensor.values.size() == expected[i].size(),
            fmt::format("{} has a tensor {} of {} values, shape {}; expected {} of shape {}", what, tensor.spec.name,
                        tensor.values.size(), fmt::join(tensor.spec.dims, "x"), expected[i].name,
                        fmt::join(expected[i].dims, "x")));
    require(std::ranges::all_of(tensor.values, [](float value) { return std::isfinite(value); }),
            fmt::format("{} has a value that is not finite in {}", what, expected[i].name));
  }
}

std::uint64_t checked_staleness(std::uint64_t learned, std::uint64_t round, const Strategy& strategy,
                                const std::string& what) {
  require(learned <= round,
          fmt::format("{} is of round {}; expected at most {}, the round at hand", what, learned, round));
  const std::uint64_t staleness = round - learned;
  if (staleness == 0) return 0;
  require(strategy.late.has_value(),
          fmt::format("{} is of round {}, which is over; the strategy takes none but those of round {}", what, learned,
                      round));
  require(staleness <= strategy.late->limit,
          fmt::format("{} is of round {}, {} rounds late; the strategy takes at most {}", what, learned, staleness,
                      strategy.late->limit));
  return staleness;
}

void check_content(const Update& update, const nn::NetworkSpec& network, const Strategy& strategy,
                   const std::string& what) {
  require(update.samples >= 1 && update.samples <= Update::kMaxSamples,
          fmt::format("{} was learned from {} samples; expected 1 to {}", what, update.samples, Update::kMaxSamples));
  update.score.check(what);
  surgery::check_width(update.width, what);
  require(update.width == 1 || takes_narrow(strategy),
          fmt::format("{} is of width {}; krum compares and scaffold corrects whole networks only: expected 1", what,
                      update.width));
  check_tensors(update.delta, shared_tensors(surgery::narrow_network(network, update.width), strategy), what);
  check_tensors(update.control, controlled_tensors(network, strategy), what + ", its control variate,");
}

void check_update(const Update& update, const nn::NetworkSpec& network, const Strategy& strategy, std::uint64_t round) {
  const std::string what = fmt::format("the update of client {}", update.client.brief());
  checked_staleness(update.round, round, strategy, what);
  check_content(update, network, strategy, what);
}

}  // namespace outrider::averaging
