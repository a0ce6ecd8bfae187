#include "learners/averaging/client_memory.h"

#include "learners/averaging/tensor_list.h"
#include "learners/averaging/update_wire.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {
namespace {

constexpr wire::Limits kMemoryLimits{.bytes = kMaxWireBytes, .nesting = 6};

void write_client(const ClientState& state, wire::AveragingClient::Builder builder) {
  write_tensors(state.local, Encoding::kFloat32, [&](unsigned count) { return builder.initLocal(count); });
  write_tensors(state.control, Encoding::kFloat32, [&](unsigned count) { return builder.initControl(count); });
}

ClientState read_client(wire::AveragingClient::Reader reader, const nn::NetworkSpec& network,
                        const Strategy& strategy) {
  const auto read = [](const TensorListReader& list, const std::vector<nn::TensorSpec>& tensors, const char* what) {
    return list.size() == 0 ? nn::Parameters{} : read_tensors(list, tensors, Encoding::kFloat32, what);
  };
  return {read(reader.getLocal(), local_tensors(network, strategy), "a client's normalisation"),
          read(reader.getControl(), controlled_tensors(network, strategy), "a client's control variate")};
}

}  // namespace

Bytes ClientMemory::encode() const {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingMemory>();
  builder.setRound(round);
  builder.setWidth(width);
  builder.setUpdate(wire::data(update.view()));
  write_client(before, builder.initBefore());
  write_client(after, builder.initAfter());
  return wire::flatten(message);
}

ClientMemory ClientMemory::decode(ByteView bytes, const LearningTask& task) {
  const std::string what = "what a client remembers of a round";
  const auto use = [&](wire::AveragingMemory::Reader reader) {
    const double width = reader.getWidth();
    surgery::check_width(width, what);
    const nn::NetworkSpec network = surgery::narrow_network(task.network, width);
    return ClientMemory{reader.getRound(), Digest::from_bytes(wire::view(reader.getUpdate())),
                        read_client(reader.getBefore(), network, task.strategy),
                        read_client(reader.getAfter(), network, task.strategy), width};
  };
  return wire::read<wire::AveragingMemory>(bytes, what, use, kMemoryLimits);
}

}  // namespace outrider::averaging
