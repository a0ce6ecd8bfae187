#include "learners/averaging/learning_task.h"

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/encoders/definitions.h"

namespace outrider::averaging {
namespace {

constexpr std::uint64_t kTaskMagic = 0x676E696761726576;  // "veraging" in memory
constexpr wire::Limits kTaskLimits{.bytes = LearningTask::kMaxBytes, .nesting = 4};
const std::string kTheTask = "the averaging task";

}  // namespace

void LearningTask::check() const {
  strategy.check();
  work.check(kTheTask);
  check_class_names(classes, network.output_shape().size(), kTheTask);
  check_preprocessing(preprocessing, network.input, kTheTask);
}

ServerState LearningTask::initial_state() const {
  return ServerState::initial(network, strategy, nn::Parameters::initial(network, seed));
}

Bytes LearningTask::encode() const {
  check();
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingTask>();
  builder.setMagic(kTaskMagic);
  builder.setSeed(seed);
  write_preprocessing(preprocessing, builder);
  builder.setBatch(work.batch);
  builder.setEpochs(work.epochs);
  builder.setSteps(work.steps);
  builder.setRate(work.rate);
  builder.setMasked(work.masked);
  builder.setNested(work.nested);
  builder.setNetwork(wire::text(network.text()));
  builder.setStrategy(wire::text(strategy.text()));
  auto names = builder.initClasses(static_cast<unsigned>(classes.size()));
  for (unsigned i = 0; i < classes.size(); ++i) names.set(i, wire::text(classes[i]));
  return wire::flatten(message);
}

LearningTask LearningTask::decode(ByteView bytes) {
  const auto use = [](wire::AveragingTask::Reader reader) {
    require(reader.getMagic() == kTaskMagic, kTheTask + " is none: its first number is another");
    LearningTask task;
    task.seed = reader.getSeed();
    task.preprocessing = read_preprocessing(reader, kTheTask);
    task.work = {reader.getBatch(), reader.getEpochs(), reader.getSteps(),
                 reader.getRate(),  reader.getNested(), reader.getMasked()};
    task.network = nn::parse_network(wire::text(reader.getNetwork()));
    task.strategy = parse_strategy(wire::text(reader.getStrategy()));
    for (const auto name : reader.getClasses()) task.classes.push_back(wire::text(name));
    task.check();
    return task;
  };
  return wire::read<wire::AveragingTask>(bytes, kTheTask, use, kTaskLimits);
}

bool LearningTask::recognises(ByteView bytes) {
  bool found = false;
  const auto malformed = objection_of([&] {
    found = wire::read<wire::AveragingTask>(
        bytes, kTheTask, [](wire::AveragingTask::Reader reader) { return reader.getMagic() == kTaskMagic; },
        kTaskLimits);
  });
  return found && !malformed;
}

}  // namespace outrider::averaging
