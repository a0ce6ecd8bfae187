#include "learners/averaging/client_memory.h"

#include "learners/averaging/tensor_list.h"
#include "learners/averaging/update_wire.h"

namespace outrider::averaging {
namespace {

constexpr wire::Limits kMemoryLimits{.bytes = kMaxWireBytes, .nesting = 6};

void write_client(const ClientState& state, wire::AveragingClient::Builder builder) {
  write_tensors(state.local, Encoding::kFloat32, [&](unsigned count) { return builder.initLocal(count); });
  write_tensors(state.control, Encoding::kFloat32, [&](unsigned count) { return builder.initControl(count); });
}

ClientState read_client(wire::AveragingClient::Reader reader, const LearningTask& task) {
  const auto read = [](const TensorListReader& list, const std::vector<nn::TensorSpec>& tensors, const char* what) {
    return list.size() == 0 ? nn::Parameters{} : read_tensors(list, tensors, Encoding::kFloat32, what);
  };
  return {read(reader.getLocal(), local_tensors(task.network, task.strategy), "a client's normalisation"),
          read(reader.getControl(), controlled_tensors(task.network, task.strategy), "a client's control variate")};
}

}  // namespace

Bytes ClientMemory::encode() const {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingMemory>();
  builder.setRound(round);
  builder.setUpdate(wire::data(update.view()));
  write_client(before, builder.initBefore());
  write_client(after, builder.initAfter());
  return wire::flatten(message);
}

ClientMemory ClientMemory::decode(ByteView bytes, const LearningTask& task) {
  const auto use = [&](wire::AveragingMemory::Reader reader) {
    return ClientMemory{reader.getRound(), Digest::from_bytes(wire::view(reader.getUpdate())),
                        read_client(reader.getBefore(), task), read_client(reader.getAfter(), task)};
  };
  return wire::read<wire::AveragingMemory>(bytes, "what a client remembers of a round", use, kMemoryLimits);
}

}  // namespace outrider::averaging
