// What travels and is kept in rounds of training: updates, states, records of rounds, a client's memory.
#include "learners/averaging/client_memory.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/update_wire.h"
#include "tests/fuzz/refusing.h"
#include "tests/fuzz/small_definitions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using namespace outrider::averaging;
  static const LearningTask task = fuzz::small_learning_task();
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const Update update = decode_update(bytes, {}, task.network, task.strategy);
    const Bytes again = encode_update(update, Encoding::kFloat32);
    fuzz::must(encode_update(decode_update(again, {}, task.network, task.strategy), Encoding::kFloat32) == again,
               "an update is written as it was read");
  });
  fuzz::refusing([&] {
    const Bytes again = encode_state(decode_state(bytes, task.network, task.strategy));
    fuzz::must(encode_state(decode_state(again, task.network, task.strategy)) == again,
               "a state is written as it was read");
  });
  fuzz::refusing([&] {
    const Bytes again = encode(decode_round_record(bytes, task));
    fuzz::must(encode(decode_round_record(again, task)) == again, "a round is written as it was read");
  });
  fuzz::refusing([&] {
    const Bytes again = ClientMemory::decode(bytes, task).encode();
    fuzz::must(ClientMemory::decode(again, task).encode() == again, "a client's memory is written as it was read");
  });
  return 0;
}
