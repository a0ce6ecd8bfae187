#include "learners/encoders/encoder.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/encoders/encoder.capnp.h"

namespace outrider {
namespace {

constexpr std::size_t kMaxName = 256;

int checked_extent(std::uint32_t value, std::string_view name) {
  constexpr auto kMax = static_cast<std::uint32_t>(nn::NetworkLimits::kExtent);
  if (value < 1 || value > kMax)
    throw InputError(fmt::format("encoder: the pictures' {} is {}; expected 1 to {}", name, value, kMax));
  return static_cast<int>(value);
}

Preprocessing read(wire::Preprocessing::Reader reader) {
  return {{checked_extent(reader.getChannels(), "number of channels"), checked_extent(reader.getHeight(), "height"),
           checked_extent(reader.getWidth(), "width")},
          reader.getInvert(),
          reader.getMean(),
          reader.getDeviation()};
}

void write(const Preprocessing& preprocessing, wire::Preprocessing::Builder builder) {
  builder.setChannels(static_cast<std::uint32_t>(preprocessing.input.channels));
  builder.setHeight(static_cast<std::uint32_t>(preprocessing.input.height));
  builder.setWidth(static_cast<std::uint32_t>(preprocessing.input.width));
  builder.setInvert(preprocessing.invert);
  builder.setMean(preprocessing.mean);
  builder.setDeviation(preprocessing.deviation);
}

// Whether what a layer gives cannot be negative where what it reads is not.
bool keeps_sign(const nn::Layer& layer) {
  return std::holds_alternative<nn::Pooling>(layer) || std::holds_alternative<nn::GlobalPooling>(layer) ||
         std::holds_alternative<nn::Upsampling>(layer) || std::holds_alternative<nn::Dropout>(layer) ||
         std::holds_alternative<nn::Flatten>(layer) || std::holds_alternative<nn::As>(layer);
}

template <typename Wire>
Bytes write(const Encoder& encoder, auto&& more) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<Wire>();
  builder.setName({encoder.name.c_str(), encoder.name.size()});
  write(encoder.preprocessing, builder.initPreprocessing());
  const std::string text = encoder.network.text();
  builder.setNetwork({text.c_str(), text.size()});
  const Bytes tensors = encoder.parameters.encode();
  builder.setParameters(wire::data(tensors));
  more(builder);
  return wire::flatten(message);
}

}  // namespace

bool Encoder::never_negative() const {
  const auto last = std::ranges::find_if_not(network.layers.rbegin(), network.layers.rend(), keeps_sign);
  return last != network.layers.rend() &&
         (std::holds_alternative<nn::Relu>(*last) || std::holds_alternative<nn::Sigmoid>(*last));
}

void Encoder::check() const {
  if (name.size() > kMaxName)
    throw InputError(fmt::format("the encoder's name has {} bytes; at most {} are allowed", name.size(), kMaxName));
  const ImageShape& picture = preprocessing.input;
  if (network.input != nn::Shape{picture.channels, picture.height, picture.width})
    throw InputError(fmt::format("encoder '{}' takes {}x{}x{} pictures but its network reads {}x{}x{}", name,
                                 picture.channels, picture.height, picture.width, network.input.channels,
                                 network.input.height, network.input.width));
  if (!std::isfinite(preprocessing.mean) || !std::isfinite(preprocessing.deviation) || preprocessing.deviation <= 0)
    throw InputError(
        fmt::format("encoder '{}' normalises with mean {} and deviation {}; expected finite numbers, the "
                    "deviation above 0",
                    name, preprocessing.mean, preprocessing.deviation));
  if (!std::isfinite(largest_norm) || largest_norm < 0)
    throw InputError(
        fmt::format("encoder '{}' says that its embeddings are at most {} long; expected a finite number, "
                    "not below 0",
                    name, largest_norm));
  parameters.check(network);
}

Bytes Encoder::encode() const {
  check();
  if (largest_norm == 0) return write<wire::UnmeasuredEncoder>(*this, [](const auto&) {});
  return write<wire::Encoder>(*this, [&](auto& builder) { builder.setLargestNorm(largest_norm); });
}

Encoder Encoder::decode(ByteView bytes) {
  return wire::read<wire::Encoder>(bytes, "encoder",
                                   [](wire::Encoder::Reader reader) {
                                     Encoder encoder;
                                     encoder.name = wire::text(reader.getName());
                                     encoder.preprocessing = read(reader.getPreprocessing());
                                     encoder.network = nn::parse_network(wire::text(reader.getNetwork()));
                                     encoder.parameters =
                                         nn::Parameters::decode(wire::view(reader.getParameters()), encoder.network);
                                     encoder.largest_norm = reader.getLargestNorm();
                                     encoder.check();
                                     return encoder;
                                   },
                                   {.bytes = kMaxBytes});
}

}  // namespace outrider
