// What a client says of a class, and what it remembers of it.
#include "learners/prototypical/class_state.h"

#include "learners/prototypical/class_memory.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const ByteView bytes(data, size);
  for (const ClassStateLimits& limits : {kContributedLimits, kMergedLimits})
    fuzz::refusing([&] {
      const ClassState state = decode_class_state(bytes, limits);
      fuzz::must(decode_class_state(encode(state), limits) == state, "a class state is written as it was read");
      fuzz::must(state.prototype().size() == state.dimension(), "a class state has a prototype");
    });
  fuzz::refusing([&] {
    const ClassMemory memory = ClassMemory::decode(bytes);
    const Bytes again = memory.encode();
    fuzz::must(ClassMemory::decode(again).encode() == again, "a memory is written as it was read");
  });
  return 0;
}
