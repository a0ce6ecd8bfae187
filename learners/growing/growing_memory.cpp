#include "learners/growing/growing_memory.h"

#include "knowledge/wire.h"
#include "learners/growing/growing.capnp.h"
#include "learners/growing/mixture_wire.h"

namespace outrider::growing {

Bytes GrowingMemory::encode() const {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::GrowingMemory>();
  builder.setPictures(wire::data(pictures.view()));
  builder.setEvent(wire::data(event.view()));
  builder.setNetwork(wire::data(network));
  return wire::flatten(message);
}

GrowingMemory GrowingMemory::decode(ByteView bytes) {
  const auto use = [](wire::GrowingMemory::Reader reader) {
    return GrowingMemory{Digest::from_bytes(wire::view(reader.getPictures())),
                         Digest::from_bytes(wire::view(reader.getEvent())), to_bytes(wire::view(reader.getNetwork()))};
  };
  return wire::read<wire::GrowingMemory>(bytes, "what a client remembers of a network that grows", use,
                                         {.bytes = kMaxMixtureBytes, .nesting = 4});
}

}  // namespace outrider::growing
