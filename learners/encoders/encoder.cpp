#include "learners/encoders/encoder.h"

#include <cmath>

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

}  // namespace

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
  parameters.check(network);
}

Bytes Encoder::encode() const {
  check();
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::Encoder>();
  builder.setName({name.c_str(), name.size()});
  write(preprocessing, builder.initPreprocessing());
  const std::string text = network.text();
  builder.setNetwork({text.c_str(), text.size()});
  const Bytes tensors = parameters.encode();
  builder.setParameters(wire::data(tensors));
  return wire::flatten(message);
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
                                     encoder.check();
                                     return encoder;
                                   },
                                   {.bytes = kMaxBytes});
}

}  // namespace outrider
