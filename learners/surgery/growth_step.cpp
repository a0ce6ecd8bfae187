#include "learners/surgery/growth_step.h"

#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/nn/network.h"
#include "learners/surgery/growth.capnp.h"

namespace outrider::surgery {
namespace {

constexpr wire::Limits kStepLimits{.bytes = std::size_t{4} << 20, .nesting = 6};
const std::string kTheSteps = "a step of growth";

using FloatList = capnp::List<float>;

void write_step(const WidenStep& step, wire::GrowthStep::Builder builder) {
  builder.setLayer(static_cast<std::uint32_t>(step.layer));
  auto widen = builder.initWiden();
  widen.setChannels(static_cast<std::uint32_t>(step.channels));
  widen.setSeed(step.seed);
  widen.setNoise(step.noise);
  widen.setFresh(step.fresh);
}

void write_floats(const std::vector<float>& values, FloatList::Builder list) {
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, values[i]);
}

void write_step(const DeepenStep& step, wire::GrowthStep::Builder builder) {
  builder.setLayer(static_cast<std::uint32_t>(step.layer));
  auto deepen = builder.initDeepen();
  deepen.setKernel(static_cast<std::uint32_t>(step.kernel));
  deepen.setPlain(!step.batch_norm);
  if (step.statistics.mean.empty()) return;
  const auto channels = static_cast<unsigned>(step.statistics.mean.size());
  write_floats(step.statistics.mean, deepen.initMean(channels));
  write_floats(step.statistics.variance, deepen.initVariance(channels));
}

WidenStep read_widen(wire::WidenStep::Reader reader, std::size_t layer) {
  const WidenStep step{layer, reader.getChannels(), reader.getSeed(), reader.getNoise(), reader.getFresh()};
  require(step.channels >= 1 && step.channels <= nn::NetworkLimits::kChannels,
          fmt::format("{} widens to {} channels; expected 1 to {}", kTheSteps, step.channels,
                      nn::NetworkLimits::kChannels));
  require(step.noise >= 0 && step.noise <= WidenStep::kMaxNoise,
          fmt::format("{} has noise {}; expected 0 to {}", kTheSteps, step.noise, WidenStep::kMaxNoise));
  return step;
}

std::vector<float> read_floats(FloatList::Reader list, bool negative) {
  require(list.size() <= nn::NetworkLimits::kChannels,
          fmt::format("{} has statistics of {} channels; at most {} are allowed", kTheSteps, list.size(),
                      nn::NetworkLimits::kChannels));
  std::vector<float> values;
  for (const float value : list) values.push_back(value);
  for (const float value : values)
    require(std::isfinite(value) && (negative || value >= 0),
            fmt::format("{} has {} among its statistics; expected finite means, and variances not negative", kTheSteps,
                        value));
  return values;
}

DeepenStep read_deepen(wire::DeepenStep::Reader reader, std::size_t layer) {
  DeepenStep step{layer, reader.getKernel(), !reader.getPlain(), {}};
  require(step.kernel % 2 == 1 && step.kernel <= DeepenStep::kMaxKernel,
          fmt::format("{} adds a kernel of {}; expected an odd number up to {}", kTheSteps, step.kernel,
                      DeepenStep::kMaxKernel));
  step.statistics = {read_floats(reader.getMean(), true), read_floats(reader.getVariance(), false)};
  require(step.statistics.mean.size() == step.statistics.variance.size(),
          fmt::format("{} has {} means and {} variances; expected as many", kTheSteps, step.statistics.mean.size(),
                      step.statistics.variance.size()));
  return step;
}

GrowthStep read_step(wire::GrowthStep::Reader reader) {
  const std::size_t layer = reader.getLayer();
  require(layer < nn::NetworkLimits::kLayers,
          fmt::format("{} is at layer {}; networks have at most {}", kTheSteps, layer + 1, nn::NetworkLimits::kLayers));
  switch (reader.which()) {
    case wire::GrowthStep::WIDEN:
      return read_widen(reader.getWiden(), layer);
    case wire::GrowthStep::DEEPEN:
      return read_deepen(reader.getDeepen(), layer);
  }
  throw InputError(kTheSteps + " is of a kind that is not known; expected to widen or to deepen");
}

}  // namespace

std::size_t layer_of(const GrowthStep& step) {
  return std::visit([](const auto& each) { return each.layer; }, step);
}

std::string text_of(const GrowthStep& step) {
  if (const auto* widen = std::get_if<WidenStep>(&step))
    return fmt::format("widen layer {} to {}{}", widen->layer + 1, widen->channels,
                       widen->fresh ? " by fresh channels" : "");
  const auto& deepen = std::get<DeepenStep>(step);
  return fmt::format("deepen after layer {} by {}x{}", deepen.layer + 1, deepen.kernel, deepen.kernel);
}

Bytes encode_steps(std::span<const GrowthStep> steps) {
  assert(steps.size() <= kMaxGrowthSteps);
  capnp::MallocMessageBuilder message;
  auto list = message.initRoot<wire::GrowthSteps>().initSteps(static_cast<unsigned>(steps.size()));
  for (unsigned i = 0; i < list.size(); ++i) std::visit([&](const auto& step) { write_step(step, list[i]); }, steps[i]);
  return wire::flatten(message);
}

std::vector<GrowthStep> decode_steps(ByteView bytes) {
  const auto use = [](wire::GrowthSteps::Reader reader) {
    const auto list = reader.getSteps();
    require(list.size() <= kMaxGrowthSteps,
            fmt::format("a growth has {} steps; at most {} are allowed", list.size(), kMaxGrowthSteps));
    std::vector<GrowthStep> steps;
    for (const auto step : list) steps.push_back(read_step(step));
    return steps;
  };
  return wire::read<wire::GrowthSteps>(bytes, "a growth", use, kStepLimits);
}

}  // namespace outrider::surgery
