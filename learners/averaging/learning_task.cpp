#include "learners/averaging/learning_task.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"

namespace outrider::averaging {
namespace {

constexpr std::uint64_t kTaskMagic = 0x676E696761726576;  // "veraging" in memory
constexpr wire::Limits kTaskLimits{.bytes = LearningTask::kMaxBytes, .nesting = 4};
const std::string kTheTask = "the averaging task";

void check_classes(const std::vector<std::string>& classes, std::size_t outputs) {
  require(
      classes.size() == outputs && outputs >= 2,
      fmt::format("{} has {} classes and {} outputs; expected as many, at least 2", kTheTask, classes.size(), outputs));
  require(
      std::ranges::none_of(
          classes, [](const std::string& name) { return name.empty() || name.size() > LearningTask::kMaxClassName; }),
      fmt::format("{} has a class without a name or with one of more than {} bytes", kTheTask,
                  LearningTask::kMaxClassName));
  require(std::set<std::string>(classes.begin(), classes.end()).size() == classes.size(),
          kTheTask + " has two classes of one name");
}

int picture_extent(std::uint32_t value) {
  constexpr auto kMost = static_cast<std::uint32_t>(nn::NetworkLimits::kExtent);
  require(value <= kMost, fmt::format("{} has pictures of extent {}; expected at most {}", kTheTask, value, kMost));
  return static_cast<int>(value);
}

}  // namespace

void LocalWork::check() const {
  require(batch > 0, kTheTask + " trains on batches of no pictures; expected 1 or more");
  require(epochs > 0, kTheTask + " trains for no epoch; expected 1 or more");
  require(std::isfinite(rate) && rate > 0,
          fmt::format("{} trains with the learning rate {}; expected a finite number above 0", kTheTask, rate));
}

void LearningTask::check() const {
  strategy.check();
  work.check();
  check_classes(classes, network.output_shape().size());
  const ImageShape& picture = preprocessing.input;
  require(network.input == nn::Shape{picture.channels, picture.height, picture.width},
          fmt::format("{} reads {}x{}x{} values, but its pictures are {}x{}x{}", kTheTask, network.input.channels,
                      network.input.height, network.input.width, picture.channels, picture.height, picture.width));
  require(std::isfinite(preprocessing.mean) && std::isfinite(preprocessing.deviation) && preprocessing.deviation > 0,
          fmt::format("{} normalises with mean {} and deviation {}; expected finite numbers, the deviation above 0",
                      kTheTask, preprocessing.mean, preprocessing.deviation));
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
  builder.setInvert(preprocessing.invert);
  builder.setChannels(static_cast<std::uint32_t>(preprocessing.input.channels));
  builder.setHeight(static_cast<std::uint32_t>(preprocessing.input.height));
  builder.setWidth(static_cast<std::uint32_t>(preprocessing.input.width));
  builder.setMean(preprocessing.mean);
  builder.setDeviation(preprocessing.deviation);
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
    task.preprocessing = {
        {picture_extent(reader.getChannels()), picture_extent(reader.getHeight()), picture_extent(reader.getWidth())},
        reader.getInvert(),
        reader.getMean(),
        reader.getDeviation()};
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
