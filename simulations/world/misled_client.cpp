#include "simulations/world/misled_client.h"

#include <fmt/format.h>

#include "simulations/world/promises.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kMostMessages = 64;  // of one event: whoever says more answers a flood with a flood

}  // namespace

void MisledClient::boot(Vandal& vandal, Instant now) {
  const ClientId id = id_of_client(client_);
  core_ = start_core(id, vandal.name(), name_of_client(client_), disk_,
                     Random(options_.seed, "misled", client_, lives_++), options_.parts);
  take(core_->tick(now));
}

void MisledClient::take(const client::Effects& effects) {
  if (!effects.writes.empty()) disk_.commit(effects.writes);
  if (effects.messages.size() > kMostMessages)
    throw Violation(fmt::format("a misled client says {} things at once", effects.messages.size()));
  for (const protocol::Message& message : effects.messages) sent(message, "a misled client");
}

void MisledClient::suffer(Vandal& vandal, Instant now) {
  guarded("a misled client", [&] {
    if (!core_ || vandal.values().happens(0.3F)) boot(vandal, now);
    for (const client::Lesson& lesson : vandal.lessons())
      if (const auto effects = taught(*core_, lesson, now)) take(*effects);
    for (const Bytes& answer : vandal.answers(core_->definition())) {
      now += Instant{1 + vandal.values().below(20'000)};
      if (const auto message = understood(answer)) take(core_->receive(*message, now));
      if (core_->deadline() <= now) take(core_->tick(now));
    }
  });
}

}  // namespace outrider::simulations
