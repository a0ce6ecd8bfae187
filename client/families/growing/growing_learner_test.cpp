#include "client/families/growing/growing_learner.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/core/replica.h"
#include "client/families/growing/growing_predictor.h"
#include "client/families/growing/known_growth.h"
#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "learners/data/image.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "learners/growing/test_growth.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A client's core and store without a network.
class GrowingLearnerTest : public testing::Test {
 protected:
  void SetUp() override {
    task_.alone.epochs = 5;
    const Bytes blob = task_.encode();
    space_ = Digest::of(blob);
    WriteSet writes;
    writes.put(Column::blobs, to_bytes(space_.view()), blob);
    writes.put(Column::meta, to_bytes("encoder"), to_bytes(space_.view()));
    store_.commit(writes);
    options_.data = directory_.path();
    options_.self = shuffled_client(1);
  }

  void pictures(const std::string& class_name, std::uint32_t label, std::uint64_t part = 0) {
    const Dataset data = test_task(1, 10, part);
    fs::create_directories(options_.data / class_name);
    for (std::size_t i = 0; i < data.size(); ++i)
      if (data.labels[i] == label)
        save_png(options_.data / class_name / (std::to_string(part) + "-" + std::to_string(i) + ".png"), kTestPicture,
                 {data.image(i).begin(), data.image(i).end()});
  }

  // One look; the subjects of what was learned.
  std::vector<std::string> look(Learner& learner, const std::stop_token& stop = {}) {
    std::vector<std::string> subjects;
    learner.learn(
        [&](Lesson lesson, const std::string& report) {
          EXPECT_FALSE(report.empty());
          subjects.push_back(lesson.topic.subject);
          payloads_[lesson.topic.subject] = lesson.payload;
          store_.commit(core_.learned(std::move(lesson), Instant{0}).writes);
        },
        [&](const std::string& sentence) { complaints_.push_back(sentence); }, stop);
    return subjects;
  }
  std::unique_ptr<Learner> learner(bool grow) {
    return std::make_unique<GrowingLearner>(space_, task_, store_, options_, grow);
  }

  // As if the aggregator had said it.
  void hear(std::string_view subject, const Bytes& payload) {
    WriteSet writes;
    writes.put(Column::replica, topic_key(growing_topic(space_, subject)), payload);
    store_.commit(writes);
  }
  growing::GrowthRecord hear_of_growth() {
    const growing::GrowthRecord growth = growing::test_record(task_);
    hear(growing::kGrowthSubject, growth.encode());
    return growth;
  }

  TemporaryDirectory directory_;
  growing::GrowingTask task_ = growing::test_growing_task();
  Digest space_;
  MemoryStore store_;
  LearnerOptions options_;
  Core core_{shuffled_client(1), "client", store_, Random(1)};
  std::map<std::string, Bytes> payloads_;
  std::vector<std::string> complaints_;
};

using Subjects = std::vector<std::string>;

TEST_F(GrowingLearnerTest, TrainsItsPartWhenPicturesChangeAndNotOtherwise) {
  const auto first = learner(false);
  EXPECT_EQ(look(*first), Subjects{});
  EXPECT_THROW(GrowingPredictor{store_}, InputError);
  pictures("a", 0);
  pictures("b", 1);
  pictures("elsewhere", 2);
  EXPECT_EQ(look(*first), Subjects{"small"});
  ASSERT_EQ(complaints_.size(), 1U);
  EXPECT_THAT(complaints_[0], HasSubstr("'elsewhere'"));
  EXPECT_EQ(look(*first), Subjects{});
  EXPECT_EQ(look(*learner(false)), Subjects{});  // started again
  const Bytes before = payloads_["small"];
  EXPECT_EQ(GrowingPredictor(store_).stage(), GrowthStage::own);
  pictures("b", 1, 1);
  EXPECT_EQ(look(*first), Subjects{"small"});
  EXPECT_NE(payloads_["small"], before);
  growing::decode_mixture(payloads_["small"], task_.small);
}

TEST_F(GrowingLearnerTest, TrainsCrossingsOnceItHasGrownIfItIsToAndCan) {
  pictures("a", 0);
  const growing::GrowthRecord growth = hear_of_growth();
  EXPECT_EQ(look(*learner(false)), Subjects{});
  EXPECT_EQ(look(*learner(true)), Subjects{});
  EXPECT_THAT(complaints_.back(), HasSubstr("two of its classes"));
  pictures("b", 1);
  options_.capacity.memory = 1000;
  EXPECT_EQ(look(*learner(true)), Subjects{});
  EXPECT_THAT(complaints_.back(), HasSubstr("1 kB"));
  options_.capacity = {};
  EXPECT_EQ(look(*learner(true)), Subjects{"crossing"});
  EXPECT_EQ(look(*learner(true)), Subjects{});
  const auto crossing = growing::Crossing::decode(payloads_["crossing"], task_.grown_form());
  EXPECT_EQ(crossing.event, growth.event.id());
  EXPECT_EQ(crossing.samples, 20U);
  pictures("c", 2);
  EXPECT_EQ(look(*learner(true)), Subjects{"crossing"});
  // Another growth, of another aggregator, say.
  std::vector<growing::MixtureNetwork> others(growth.parts.rbegin(), growth.parts.rend());
  hear(growing::kGrowthSubject, growing::GrowthRecord::of(task_, growth.clients, others).encode());
  EXPECT_EQ(look(*learner(true)), Subjects{"crossing"});
}

TEST_F(GrowingLearnerTest, PredictsWithWhatHasGrownMost) {
  const growing::GrowthRecord growth = hear_of_growth();
  EXPECT_EQ(GrowingPredictor(store_).stage(), GrowthStage::grown);
  const auto trained = growing::random_mixture(task_.grown_form(), 5);
  hear(growing::kCrossingSubject, growing::Crossing::of(trained, Digest::of(Bytes{1}), 1).encode());
  EXPECT_EQ(GrowingPredictor(store_).stage(), GrowthStage::grown);  // that was another growth's
  hear(growing::kCrossingSubject, growing::Crossing::of(trained, growth.event.id(), 1).encode());
  GrowingPredictor predictor(store_);
  EXPECT_EQ(predictor.stage(), GrowthStage::crossed);
  const Dataset data = test_task(1, 1);
  const auto picture = data.image(0);
  const LikelyClasses answer = predictor.predict({kTestPicture, {picture.begin(), picture.end()}});
  EXPECT_GE(answer.probability, answer.runner_up_probability);
}

TEST_F(GrowingLearnerTest, TeachesNothingWhenItIsStoppedWhileItTrains) {
  pictures("a", 0);
  pictures("b", 1);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = learner(true);
  EXPECT_EQ(look(*stopped, stop.get_token()), Subjects{});
  EXPECT_EQ(look(*stopped), Subjects{"small"});
  options_.self = {};
  EXPECT_THROW(learner(true), InputError);
}

}  // namespace
}  // namespace outrider::client
