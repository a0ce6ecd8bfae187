// A task as masks over a small base network.
#include <array>

#include "learners/supermask/mask_code.h"
#include "learners/supermask/random_records.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static const BaseNetwork base = small_base();
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const TaskRecord record = TaskRecord::decode(bytes, base);
    fuzz::must(TaskRecord::decode(record.encode(), base) == record, "a task is written as it was read");
    masked_parameters(base, record);
  });
  fuzz::refusing([&] {
    std::array<std::uint8_t, 300> mask{};
    decode_mask(bytes, mask, "the mask");
    fuzz::must(encode_mask(mask) == to_bytes(bytes), "a mask has one code");
  });
  return 0;
}
