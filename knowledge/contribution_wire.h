// Contributions inside other Cap'n Proto messages. Only .cpp files include this: it pulls in the generated schema.
#pragma once

#include "knowledge/contribution.capnp.h"
#include "knowledge/contribution.h"

namespace outrider {

void write(const Topic& topic, wire::Topic::Builder builder);
void write(const Contribution& contribution, wire::Contribution::Builder builder);
// Throw InputError when an id has the wrong size.
Topic read(wire::Topic::Reader reader);
Contribution read(wire::Contribution::Reader reader);

}  // namespace outrider
