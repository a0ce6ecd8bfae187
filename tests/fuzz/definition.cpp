// What an aggregator hands out to learn with: an encoder, a base network, a learning task or a growing task.
#include "learners/averaging/learning_task.h"
#include "learners/encoders/encoder.h"
#include "learners/growing/growing_task.h"
#include "learners/supermask/base_network.h"
#include "tests/fuzz/refusing.h"

namespace {

template <typename Definition>
void read(outrider::ByteView bytes) {
  using namespace outrider;
  fuzz::refusing([&] {
    const Definition definition = Definition::decode(bytes);
    const Bytes again = definition.encode();
    fuzz::must(Definition::decode(again).encode() == again, "a definition is written as it was read");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const ByteView bytes(data, size);
  read<Encoder>(bytes);
  if (BaseNetwork::recognises(bytes)) read<BaseNetwork>(bytes);
  if (averaging::LearningTask::recognises(bytes)) read<averaging::LearningTask>(bytes);
  if (growing::GrowingTask::recognises(bytes)) read<growing::GrowingTask>(bytes);
  return 0;
}
