#include "learners/averaging/learning_task.h"

#include <cmath>

#include <capnp/message.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"
#include "learners/averaging/test_clients.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

// What encode() says of a task after a change.
template <typename Change>
std::string task_error(Change change) {
  LearningTask task = small_task("fedadam rate 0.1; fedprox 0.5");
  change(task);
  return objection_of([&] { task.encode(); }).value_or("no error");
}

// Of the wire form after a change.
template <typename Change>
std::string task_decode_error(Change change) {
  capnp::MallocMessageBuilder message;
  wire::read<wire::AveragingTask>(small_task("fedavg").encode(), "task",
                                  [&](wire::AveragingTask::Reader reader) { message.setRoot(reader); });
  change(message.getRoot<wire::AveragingTask>());
  return objection_of([&] { LearningTask::decode(wire::flatten(message)); }).value_or("no error");
}

TEST(LearningTask, RoundTrips) {
  for (const char* strategy : {"fedavg", "fedadam rate 0.1; fedprox 0.5", "fedbuff 3; late linear limit 2"}) {
    const LearningTask task =
        small_task(strategy, {.batch = 7, .epochs = 3, .steps = 11, .rate = 0.25F, .nested = true, .masked = true});
    EXPECT_EQ(LearningTask::decode(task.encode()), task);
    EXPECT_TRUE(LearningTask::recognises(task.encode()));
  }
}

TEST(LearningTask, IsToldFromOtherDefinitions) {
  const LearningTask task = small_task("fedavg");
  const Encoder encoder{"an encoder", task.preprocessing, task.network, nn::Parameters::initial(task.network, 1)};
  EXPECT_FALSE(LearningTask::recognises(encoder.encode()));
  EXPECT_FALSE(LearningTask::recognises({}));
  EXPECT_THROW(Encoder::decode(task.encode()), InputError);
}

TEST(LearningTask, PartsThatDoNotFitAreRefused) {
  EXPECT_EQ(task_error([](auto&) {}), "no error");
  EXPECT_THAT(task_error([](auto& task) { task.classes.pop_back(); }), HasSubstr("has 2 classes and 3 outputs"));
  EXPECT_THAT(task_error([](auto& task) { task.classes[1] = "a"; }), HasSubstr("two classes of one name"));
  EXPECT_THAT(task_error([](auto& task) { task.classes[1] = ""; }),
              HasSubstr("the averaging task has class 1, whose name is empty"));
  EXPECT_THAT(task_error([](auto& task) { task.classes[1] = std::string(256, 'x'); }),
              HasSubstr("class 1, whose name has 256 bytes; at most 255 fit"));
  EXPECT_THAT(task_error([](auto& task) { task.classes[1] = "boo\nt"; }),
              HasSubstr("class 1, whose name has a control character at byte 3"));
  EXPECT_THAT(task_error([](auto& task) {
                task.preprocessing.input = {1, 5, 5};
              }),
              HasSubstr("reads 1x6x6 values, but its pictures are 1x5x5"));
  EXPECT_THAT(task_error([](auto& task) { task.preprocessing.deviation = 0; }), HasSubstr("deviation 0"));
  EXPECT_THAT(task_error([](auto& task) { task.preprocessing.mean = NAN; }), HasSubstr("mean nan"));
  EXPECT_THAT(task_error([](auto& task) { task.strategy.rate = -1; }), HasSubstr("rate is -1"));
  EXPECT_THAT(task_error([](auto& task) { task.work.batch = 0; }), HasSubstr("batches of no pictures"));
  EXPECT_THAT(task_error([](auto& task) { task.work.epochs = 0; }), HasSubstr("for no epoch"));
  EXPECT_THAT(task_error([](auto& task) { task.work.rate = INFINITY; }), HasSubstr("the learning rate inf"));
}

TEST(LearningTask, BytesThatAreNoneAreRefused) {
  EXPECT_EQ(task_decode_error([](auto) {}), "no error");
  EXPECT_THAT(task_decode_error([](auto task) { task.setMagic(1); }), HasSubstr("its first number is another"));
  EXPECT_THAT(task_decode_error([](auto task) { task.setWidth(UINT32_MAX); }), HasSubstr("of extent 4294967295"));
  EXPECT_THAT(task_decode_error([](auto task) { task.setStrategy("best"); }), HasSubstr("no setting 'best'"));
  EXPECT_THAT(task_decode_error([](auto task) { task.setNetwork("input"); }), HasSubstr("input shape"));
  EXPECT_THAT(task_decode_error([](auto task) { task.initClasses(100000); }), HasSubstr("has 100000 classes"));
  const Bytes bytes = small_task("fedavg").encode();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(LearningTask::decode(ByteView(bytes).first(size)), InputError);
}

}  // namespace
}  // namespace outrider::averaging
