// What travels and is kept where networks grow: parts, events, records of growths, a client's memory.
#include "learners/growing/growing_memory.h"
#include "learners/growing/growth_event.h"
#include "learners/growing/growth_record.h"
#include "learners/growing/mixture_wire.h"
#include "tests/fuzz/refusing.h"
#include "tests/fuzz/small_definitions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using namespace outrider::growing;
  static const GrowingTask task = fuzz::small_growing_task();
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const Bytes again = encode_mixture(decode_mixture(bytes, task.small));
    fuzz::must(encode_mixture(decode_mixture(again, task.small)) == again, "a part is written as it was read");
  });
  fuzz::refusing([&] {
    const Bytes again = GrowthEvent::decode(bytes).encode();
    fuzz::must(GrowthEvent::decode(again).encode() == again, "an event is written as it was read");
  });
  fuzz::refusing([&] {
    const Bytes again = GrowthRecord::decode(bytes, task).encode();
    fuzz::must(GrowthRecord::decode(again, task).encode() == again, "a growth is written as it was read");
  });
  fuzz::refusing([&] {
    const Bytes again = GrowingMemory::decode(bytes).encode();
    fuzz::must(GrowingMemory::decode(again).encode() == again, "a client's memory is written as it was read");
  });
  return 0;
}
