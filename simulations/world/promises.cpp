#include "simulations/world/promises.h"

#include <fmt/format.h>

namespace outrider::simulations {

Bytes sent(const protocol::Message& message, std::string_view speaker) {
  try {
    return protocol::encode(message);
  } catch (const InputError& error) {
    throw Violation(fmt::format("{} says what cannot be sent: {}", speaker, error.what()));
  }
}

std::optional<protocol::Message> understood(ByteView bytes) {
  try {
    return protocol::decode(bytes);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::optional<client::Effects> taught(client::Core& core, const client::Lesson& lesson, Instant now) {
  try {
    return core.learned(lesson, now);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::unique_ptr<client::Core> start_core(const ClientId& id, const std::string& name, const std::string& plain_name,
                                         const Store& disk, Random jitter, client::PartSizes parts,
                                         const Capacity& capacity) {
  try {
    return std::make_unique<client::Core>(id, name, disk, jitter, client::Timing{}, parts, capacity);
  } catch (const InputError&) {
    return std::make_unique<client::Core>(id, plain_name, disk, jitter, client::Timing{}, parts, capacity);
  }
}

}  // namespace outrider::simulations
