#include "learners/supermask/base_network.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/wire.h"
#include "learners/encoders/architectures.h"
#include "learners/encoders/definitions.h"
#include "learners/random.h"
#include "learners/supermask/base_network.capnp.h"

namespace outrider {
namespace {

constexpr std::uint64_t kMagic = 0x6B73616D72657075;  // "upermask" in memory
constexpr wire::Limits kBaseNetworkLimits{.bytes = BaseNetwork::kMaxBytes, .nesting = 4};
const std::string kTheBase = "the base network";

void expect_of_base(bool holds, const std::string& sentence) {
  if (!holds) throw InputError(kTheBase + ' ' + sentence);
}

std::vector<float> base_values(const nn::TensorSpec& tensor, const BaseNetwork& base) {
  Random random(base.seed, "base weights", tensor.layer);
  const auto deviation = static_cast<float>(std::sqrt(2.0 / tensor.fan_in()));
  std::vector<float> values(tensor.size());
  for (float& value : values)
    value = base.weights == BaseWeights::he_normal ? deviation * random.normal()
            : (random() & 1U) != 0                 ? deviation
                                                   : -deviation;
  return values;
}

}  // namespace

std::vector<nn::TensorSpec> BaseNetwork::weight_tensors() const {
  std::vector<nn::TensorSpec> tensors = nn::network_tensors(network);
  std::erase_if(tensors, [](const nn::TensorSpec& tensor) { return tensor.role != nn::TensorRole::kWeight; });
  return tensors;
}

std::vector<std::vector<float>> BaseNetwork::weight_values() const {
  std::vector<std::vector<float>> values;
  for (const nn::TensorSpec& tensor : weight_tensors()) values.push_back(base_values(tensor, *this));
  return values;
}

void BaseNetwork::check() const {
  const ImageShape& picture = preprocessing.input;
  expect_of_base(
      picture.channels == network.input.channels && picture.height == network.input.height &&
          picture.width == network.input.width,
      fmt::format("reads {}x{}x{} values, but its pictures are {}x{}x{}", network.input.channels, network.input.height,
                  network.input.width, picture.channels, picture.height, picture.width));
  expect_of_base(
      std::isfinite(preprocessing.mean) && std::isfinite(preprocessing.deviation) && preprocessing.deviation > 0,
      "has no finite mean or no deviation above 0");
  expect_of_base(density > 0 && density <= 1,
                 fmt::format("has density {}; expected more than 0 and at most 1", density));
  expect_of_base(!weight_tensors().empty(), "has no weights that a mask could cover");
  expect_of_base(outputs() >= 2, fmt::format("has {} outputs; expected one for each class of a task", outputs()));
  for (const nn::TensorSpec& tensor : nn::network_tensors(network))
    expect_of_base(
        tensor.role == nn::TensorRole::kWeight || !tensor.trainable(),
        fmt::format("trains {}, which no mask covers: biases and affine normalisation are left out", tensor.name));
}

Bytes BaseNetwork::encode() const {
  check();
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::BaseNetwork>();
  builder.setMagic(kMagic);
  builder.setSeed(seed);
  builder.setDensity(density);
  builder.setConstant(weights == BaseWeights::signed_constant);
  write_preprocessing(preprocessing, builder);
  builder.setNetwork(wire::text(network.text()));
  return wire::flatten(message);
}

BaseNetwork BaseNetwork::decode(ByteView bytes) {
  return wire::read<wire::BaseNetwork>(
      bytes, kTheBase,
      [&](wire::BaseNetwork::Reader reader) {
        expect_of_base(reader.getMagic() == kMagic, "is none: its first number is another");
        BaseNetwork base;
        base.seed = reader.getSeed();
        base.density = reader.getDensity();
        base.weights = reader.getConstant() ? BaseWeights::signed_constant : BaseWeights::he_normal;
        base.preprocessing = {{static_cast<int>(reader.getChannels()), static_cast<int>(reader.getHeight()),
                               static_cast<int>(reader.getWidth())},
                              reader.getInvert(),
                              reader.getMean(),
                              reader.getDeviation()};
        base.network = nn::parse_network(wire::text(reader.getNetwork()));
        base.check();
        return base;
      },
      kBaseNetworkLimits);
}

bool BaseNetwork::recognises(ByteView bytes) {
  try {
    return wire::read<wire::BaseNetwork>(
        bytes, kTheBase, [](wire::BaseNetwork::Reader reader) { return reader.getMagic() == kMagic; },
        kBaseNetworkLimits);
  } catch (const InputError&) {
    return false;
  }
}

nn::NetworkSpec weights_only(nn::NetworkSpec network) {
  for (nn::Layer& layer : network.layers) {
    if (auto* c = std::get_if<nn::Convolution>(&layer)) c->bias = false;
    if (auto* c = std::get_if<nn::TransposedConvolution>(&layer)) c->bias = false;
    if (auto* c = std::get_if<nn::FullyConnected>(&layer)) c->bias = false;
    if (auto* c = std::get_if<nn::BatchNorm>(&layer)) c->affine = false;
    if (auto* c = std::get_if<nn::InstanceNorm>(&layer)) c->affine = false;
  }
  return network;
}

nn::NetworkSpec base_architecture(std::string_view name, const ImageShape& input, std::int64_t classes) {
  return weights_only(architecture(name, input, {.classes = classes}));
}

}  // namespace outrider
