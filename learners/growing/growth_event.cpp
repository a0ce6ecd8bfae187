#include "learners/growing/growth_event.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/growing/growing.capnp.h"
#include "learners/growing/mixture_wire.h"

namespace outrider::growing {
namespace {

constexpr wire::Limits kEventLimits{.bytes = std::size_t{64} << 10, .nesting = 4};
const std::string kTheEvent = "the growth of a network";

void check_event(const GrowthEvent& event) {
  require(event.parts.size() >= 2 && event.parts.size() <= MixtureForm::kMostParts,
          fmt::format("{} names {} parts; expected 2 to {}", kTheEvent, event.parts.size(), MixtureForm::kMostParts));
  event.crossings.check();
}

}  // namespace

GrowthEvent GrowthEvent::of(std::span<const MixtureNetwork> parts, const Crossings& crossings) {
  GrowthEvent event{{}, crossings};
  for (const MixtureNetwork& part : parts) event.parts.push_back(Digest::of(encode_mixture(part)));
  check_event(event);
  return event;
}

Bytes GrowthEvent::encode() const {
  check_event(*this);
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::GrowingEvent>();
  builder.setRule(static_cast<std::uint8_t>(crossings.rule));
  builder.setFactor(crossings.factor);
  builder.setSeed(crossings.seed);
  auto list = builder.initParts(static_cast<unsigned>(parts.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, wire::data(parts[i].view()));
  return wire::flatten(message);
}

GrowthEvent GrowthEvent::decode(ByteView bytes) {
  const auto use = [](wire::GrowingEvent::Reader reader) {
    GrowthEvent event;
    event.crossings = {static_cast<CrossingRule>(reader.getRule()), reader.getFactor(), reader.getSeed()};
    for (const auto part : reader.getParts()) event.parts.push_back(Digest::from_bytes(wire::view(part)));
    check_event(event);
    return event;
  };
  return wire::read<wire::GrowingEvent>(bytes, kTheEvent, use, kEventLimits);
}

MixtureNetwork rebuild(const GrowthEvent& event, std::span<const MixtureNetwork> parts) {
  require(parts.size() == event.parts.size(),
          fmt::format("{} has {} parts, but {} are here", kTheEvent, event.parts.size(), parts.size()));
  for (std::size_t i = 0; i < parts.size(); ++i)
    require(Digest::of(encode_mixture(parts[i])) == event.parts[i],
            fmt::format("{} is of another part {} than the one that is here", kTheEvent, i));
  return grow(parts, event.crossings);
}

}  // namespace outrider::growing
