#include "learners/averaging/update_wire.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/averaging/tensor_list.h"
#include "learners/surgery/narrow.h"

namespace outrider::averaging {
namespace {

constexpr wire::Limits kAveragingLimits{.bytes = kMaxWireBytes, .nesting = 4};

Encoding encoding_of(std::uint8_t number, const std::string& what) {
  require(number <= static_cast<std::uint8_t>(Encoding::kInt8),
          fmt::format("{} has its numbers in encoding {}; known are 0 to 2", what, number));
  return static_cast<Encoding>(number);
}

}  // namespace

Bytes encode_update(const Update& update, Encoding encoding) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingUpdate>();
  builder.setRound(update.round);
  builder.setSamples(update.samples);
  builder.setWidth(update.width);
  builder.setHeldOut(update.score.pictures);
  builder.setCorrect(update.score.correct);
  builder.setLossSum(update.score.loss_sum);
  builder.setEncoding(static_cast<std::uint8_t>(encoding));
  write_tensors(update.delta, encoding, [&](unsigned count) { return builder.initDelta(count); });
  write_tensors(update.control, encoding, [&](unsigned count) { return builder.initControl(count); });
  return wire::flatten(message);
}

std::uint64_t most_update_bytes(const nn::NetworkSpec& network, const Strategy& strategy) {
  std::uint64_t bytes = 1024;
  const auto add = [&](const std::vector<nn::TensorSpec>& tensors) {
    // An int8 and the scale of its row take more than a float32 where rows have one number.
    for (const nn::TensorSpec& tensor : tensors) bytes += 96 + tensor.size() * (1 + sizeof(float));
  };
  add(shared_tensors(network, strategy));
  add(controlled_tensors(network, strategy));
  return bytes;
}

Update decode_update(ByteView bytes, const ClientId& client, const nn::NetworkSpec& network, const Strategy& strategy,
                     const std::string& what) {
  const auto use = [&](wire::AveragingUpdate::Reader reader) {
    const Encoding encoding = encoding_of(reader.getEncoding(), what);
    Update update;
    update.client = client;
    update.round = reader.getRound();
    update.samples = reader.getSamples();
    update.width = reader.getWidth();
    if (reader.getHeldOut() > 0)
      update.score = {update.round, 1, reader.getHeldOut(), reader.getCorrect(), reader.getLossSum()};
    surgery::check_width(update.width, what);
    update.delta = read_tensors(
        reader.getDelta(), shared_tensors(surgery::narrow_network(network, update.width), strategy), encoding, what);
    update.control = read_tensors(reader.getControl(), controlled_tensors(network, strategy), encoding,
                                  what + ", its control variate,");
    check_content(update, network, strategy, what);
    return update;
  };
  return wire::read<wire::AveragingUpdate>(bytes, what, use, kAveragingLimits);
}

std::optional<std::uint64_t> round_of_update(ByteView bytes) {
  std::optional<std::uint64_t> round;
  const auto malformed = objection_of([&] {
    round = wire::read<wire::AveragingUpdate>(
        bytes, "the update", [](wire::AveragingUpdate::Reader reader) { return reader.getRound(); }, kAveragingLimits);
  });
  return malformed ? std::nullopt : round;
}

Bytes encode_state(const ServerState& state) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingState>();
  builder.setRound(state.round);
  write_tensors(state.weights, Encoding::kFloat32, [&](unsigned count) { return builder.initWeights(count); });
  write_tensors(state.momentum, Encoding::kFloat32, [&](unsigned count) { return builder.initMomentum(count); });
  write_tensors(state.second, Encoding::kFloat32, [&](unsigned count) { return builder.initSecond(count); });
  write_tensors(state.control, Encoding::kFloat32, [&](unsigned count) { return builder.initControl(count); });
  return wire::flatten(message);
}

ServerState published(ServerState state) {
  state.momentum.tensors.clear();
  state.second.tensors.clear();
  return state;
}

ServerState decode_state(ByteView bytes, const nn::NetworkSpec& network, const Strategy& strategy) {
  const auto use = [&](wire::AveragingState::Reader reader) {
    StateTensors tensors = state_tensors(network, strategy);
    const bool shown = reader.getMomentum().size() == 0 && reader.getSecond().size() == 0;
    if (shown) tensors.momentum = tensors.second = {};
    const auto read = [](const TensorListReader& list, const std::vector<nn::TensorSpec>& expected, const char* what) {
      return read_tensors(list, expected, Encoding::kFloat32, what);
    };
    ServerState state;
    state.round = reader.getRound();
    state.weights = read(reader.getWeights(), tensors.weights, "the averaged weights");
    state.momentum = read(reader.getMomentum(), tensors.momentum, "the server's momentum");
    state.second = read(reader.getSecond(), tensors.second, "the server's second moment");
    state.control = read(reader.getControl(), tensors.control, "the server's control variate");
    if (shown)
      state.weights.check(network);
    else
      state.check(network, strategy);
    return state;
  };
  return wire::read<wire::AveragingState>(bytes, "the state of the averaging", use, kAveragingLimits);
}

}  // namespace outrider::averaging
