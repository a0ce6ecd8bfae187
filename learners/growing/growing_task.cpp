#include "learners/growing/growing_task.h"

#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/encoders/definitions.h"
#include "learners/growing/growing.capnp.h"
#include "learners/training/local_work.h"

namespace outrider::growing {
namespace {

constexpr std::uint64_t kGrowingMagic = 0x6B726F77676E6974;  // "tingwork" in memory
constexpr wire::Limits kGrowingTaskLimits{.bytes = GrowingTask::kMaxBytes, .nesting = 4};
const std::string kTheGrowingTask = "the growing task";

void check_work(const training::LocalWork& work, const char* what) {
  require(work.batch > 0 && work.epochs > 0,
          fmt::format("{} trains {} for {} epochs on batches of {} pictures; expected 1 or more", kTheGrowingTask, what,
                      work.epochs, work.batch));
  require(std::isfinite(work.rate) && work.rate > 0,
          fmt::format("{} trains {} with the learning rate {}; expected a finite number above 0", kTheGrowingTask, what,
                      work.rate));
}

void check_size(const MixtureForm& small, std::uint32_t parts) {
  constexpr std::size_t kOverhead = std::size_t{16} << 10;
  const std::size_t bytes = value_count(small, layout_of(small)) * sizeof(float) + kOverhead;
  require(bytes <= GrowingTask::kMaxPartBytes && parts * bytes <= GrowingTask::kMaxRecordBytes,
          fmt::format("{} has {} parts of some {} bytes each; expected at most {} each, and {} together",
                      kTheGrowingTask, parts, bytes, GrowingTask::kMaxPartBytes, GrowingTask::kMaxRecordBytes));
}

void write_work(const training::LocalWork& work, wire::GrowingWork::Builder builder) {
  builder.setBatch(work.batch);
  builder.setEpochs(work.epochs);
  builder.setSteps(work.steps);
  builder.setRate(work.rate);
}

training::LocalWork read_work(wire::GrowingWork::Reader reader) {
  training::LocalWork work;
  work.batch = reader.getBatch();
  work.epochs = reader.getEpochs();
  work.steps = reader.getSteps();
  work.rate = reader.getRate();
  return work;
}

GrowingTask read_task(wire::GrowingTask::Reader reader) {
  require(reader.getMagic() == kGrowingMagic, kTheGrowingTask + " is none: its first number is another");
  GrowingTask task;
  task.seed = reader.getSeed();
  task.preprocessing = read_preprocessing(reader, kTheGrowingTask);
  task.small = {nn::parse_network(wire::text(reader.getNetwork())), reader.getTemplates(), reader.getSharing(), 1};
  task.parts = reader.getParts();
  task.crossings = {static_cast<CrossingRule>(reader.getRule()), reader.getFactor(), task.seed};
  task.alone = read_work(reader.getAlone());
  task.crossing = read_work(reader.getCrossing());
  for (const auto name : reader.getClasses()) task.classes.push_back(wire::text(name));
  task.check();
  return task;
}

}  // namespace

MixtureForm GrowingTask::grown_form() const {
  MixtureForm form = small;
  form.parts = parts;
  return form;
}

void GrowingTask::check() const {
  require(small.parts == 1, kTheGrowingTask + " begins with networks of several parts; expected one");
  require(parts >= 2, fmt::format("{} grows networks of {} parts; expected 2 or more", kTheGrowingTask, parts));
  layout_of(grown_form());
  check_class_names(classes, small.part.output_shape().size(), kTheGrowingTask);
  check_preprocessing(preprocessing, small.part.input, kTheGrowingTask);
  check_work(alone, "parts");
  check_work(crossing, "crossings");
  crossings.check();
  require(crossings.seed == seed, kTheGrowingTask + " draws crossings from another seed than its own");
  check_size(small, parts);
}

Bytes GrowingTask::encode() const {
  check();
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::GrowingTask>();
  builder.setMagic(kGrowingMagic);
  builder.setSeed(seed);
  write_preprocessing(preprocessing, builder);
  builder.setTemplates(small.templates);
  builder.setSharing(small.sharing);
  builder.setParts(parts);
  builder.setRule(static_cast<std::uint8_t>(crossings.rule));
  builder.setFactor(crossings.factor);
  builder.setNetwork(wire::text(small.part.text()));
  write_work(alone, builder.initAlone());
  write_work(crossing, builder.initCrossing());
  auto names = builder.initClasses(static_cast<unsigned>(classes.size()));
  for (unsigned i = 0; i < classes.size(); ++i) names.set(i, wire::text(classes[i]));
  return wire::flatten(message);
}

GrowingTask GrowingTask::decode(ByteView bytes) {
  return wire::read<wire::GrowingTask>(bytes, kTheGrowingTask, read_task, kGrowingTaskLimits);
}

bool GrowingTask::recognises(ByteView bytes) {
  bool found = false;
  const auto malformed = objection_of([&] {
    found = wire::read<wire::GrowingTask>(
        bytes, kTheGrowingTask, [](wire::GrowingTask::Reader reader) { return reader.getMagic() == kGrowingMagic; },
        kGrowingTaskLimits);
  });
  return found && !malformed;
}

}  // namespace outrider::growing
