// What holds of every core, whatever comes to it: it does not throw, and what it says can be sent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/core/core.h"
#include "knowledge/error.h"
#include "protocol/codec.h"
#include "simulations/world/ledger.h"

namespace outrider::simulations {

// The message as it leaves. Throws Violation, which names `speaker`, when it cannot be encoded.
Bytes sent(const protocol::Message& message, std::string_view speaker);

// Nothing where the bytes are no message: the transport drops them.
std::optional<protocol::Message> understood(ByteView bytes);

// Does what a core does; what it throws is a Violation that names `who`.
template <typename Action>
void guarded(std::string_view who, Action&& action) {
  try {
    action();
  } catch (const Violation&) {
    throw;
  } catch (const std::exception& error) {
    throw Violation(std::string(who) + " throws: " + error.what());
  }
}

// A lesson that nobody vouches for. Nothing where the core refuses it.
std::optional<client::Effects> taught(client::Core& core, const client::Lesson& lesson, Instant now);

// With a name that nobody vouches for, or the other one where that is refused.
std::unique_ptr<client::Core> start_core(const ClientId& id, const std::string& name, const std::string& plain_name,
                                         const Store& disk, Random jitter, client::PartSizes parts,
                                         const Capacity& capacity = {});

}  // namespace outrider::simulations
