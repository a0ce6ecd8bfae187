#include "client/families/prototypical/prototype_learner.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/families/prototypical/predictor.h"
#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "learners/data/image.h"
#include "learners/random.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

Encoder small_encoder() {
  Encoder encoder;
  encoder.name = "small";
  encoder.preprocessing.input = {1, 8, 8};
  encoder.network = nn::parse_network("input 1x8x8; conv 4 k3 s2 p1; relu; flatten");
  encoder.parameters = nn::Parameters::initial(encoder.network, 5);
  return encoder;
}

// A client's core and store without a network.
class PrototypeLearnerTest : public testing::Test {
 protected:
  void SetUp() override {
    const Bytes blob = small_encoder().encode();
    encoder_ = Digest::of(blob);
    WriteSet writes;
    writes.put(Column::blobs, to_bytes(encoder_.view()), blob);
    writes.put(Column::meta, to_bytes("encoder"), to_bytes(encoder_.view()));
    store_.commit(writes);
  }

  void picture(const std::string& class_name, std::uint32_t number) {
    Random random(7, class_name, 0, number);
    std::vector<std::uint8_t> pixels(64);
    for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
    fs::create_directories(folder_ / class_name);
    save_png(folder_ / class_name / (std::to_string(number) + ".png"), {1, 8, 8}, pixels);
  }

  std::size_t learn(PrototypeLearner& learner, Core& core) {
    std::size_t lessons = 0;
    learner.learn(
        [&](Lesson lesson, const std::string&) {
          store_.commit(core.learned(std::move(lesson), Instant{0}).writes);
          ++lessons;
        },
        [&](const std::string& sentence) { complaints_.push_back(sentence); }, {});
    return lessons;
  }

  ClassState state(const std::string& class_name) const {
    for (const auto& [name, state] : own_classes(store_))
      if (name == class_name) return state;
    return {};
  }

  TemporaryDirectory directory_;
  fs::path folder_ = directory_.path();
  MemoryStore store_;
  Digest encoder_;
  std::vector<std::string> complaints_;
  Core core_{ClientId{}, "me", store_, Random(1)};
};

TEST_F(PrototypeLearnerTest, CountsEveryPictureOnceHoweverItCame) {
  picture("bag", 1);
  picture("bag", 2);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  EXPECT_EQ(learn(learner, core_), 1U);
  EXPECT_EQ(learn(learner, core_), 0U);
  picture("bag", 3);
  fs::copy_file(folder_ / "bag/1.png", folder_ / "bag/copy.png");
  EXPECT_EQ(learn(learner, core_), 1U);
  EXPECT_EQ(state("bag").count, 3U);

  PrototypeLearner restarted(folder_, store_, 1);  // sees everything anew, knows it from its memory
  restarted.use(encoder_);
  EXPECT_EQ(learn(restarted, core_), 0U);
}

TEST_F(PrototypeLearnerTest, LearningInPiecesEqualsLearningAtOnce) {
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  for (std::uint32_t number = 5; number > 0; --number) {
    picture("bag", number);
    learn(learner, core_);
  }
  const ClassState in_pieces = state("bag");

  MemoryStore other;
  WriteSet writes;
  const Bytes blob = small_encoder().encode();
  writes.put(Column::blobs, to_bytes(encoder_.view()), blob);
  other.commit(writes);
  PrototypeLearner at_once(folder_, other, 1);
  at_once.use(encoder_);
  at_once.learn(
      [&](const Lesson& lesson, const std::string&) {
        EXPECT_EQ(lesson.payload, encode({in_pieces.count, in_pieces.sum, {}}));
      },
      [](const std::string& sentence) { ADD_FAILURE() << sentence; }, {});
}

TEST_F(PrototypeLearnerTest, AHugeFileIsLeftOutUnreadAndTheOthersAreLearned) {
  picture("bag", 1);
  std::ofstream(folder_ / "bag/0.png") << "x";
  fs::resize_file(folder_ / "bag/0.png", std::uintmax_t{3} << 30);  // sparse
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  EXPECT_EQ(state("bag").count, 1U);
  EXPECT_THAT(complaints_, testing::ElementsAre(testing::HasSubstr("0.png has 3221225472 bytes; at most")));
}

TEST_F(PrototypeLearnerTest, WhatCannotBeLookedAtIsNotTakenBack) {
  picture("bag", 1);
  picture("coat", 1);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  fs::rename(folder_ / "bag", folder_ / ".hidden");
  fs::create_symlink("unmounted", folder_ / "bag");
  EXPECT_EQ(learn(learner, core_), 0U);
  EXPECT_EQ(state("bag").count, 1U);
  PrototypeLearner later(folder_, store_, 1);
  later.use(encoder_);
  EXPECT_EQ(learn(later, core_), 0U);
  EXPECT_EQ(state("bag").count, 1U);
  fs::remove(folder_ / "bag");
  EXPECT_EQ(learn(later, core_), 1U);
  EXPECT_EQ(state("bag").count, 0U);
}

TEST_F(PrototypeLearnerTest, ADamagedPictureIsComplainedAboutAndLearnedWhenRepaired) {
  picture("bag", 1);
  std::ofstream(folder_ / "bag/2.png") << "half a pic";
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  EXPECT_EQ(state("bag").count, 1U);
  ASSERT_EQ(complaints_.size(), 1U);
  EXPECT_NE(complaints_[0].find("2.png"), std::string::npos);
  for (int look = 0; look < 3; ++look) learn(learner, core_);
  EXPECT_EQ(complaints_.size(), 1U) << "it is not looked into before it changes";
  picture("bag", 2);
  learn(learner, core_);
  EXPECT_EQ(state("bag").count, 2U);
}

TEST_F(PrototypeLearnerTest, APictureThatIsDeletedIsTakenBackExactly) {
  picture("bag", 1);
  PrototypeLearner first(folder_, store_, 1);
  first.use(encoder_);
  learn(first, core_);
  const ClassState without = state("bag");
  picture("bag", 2);
  learn(first, core_);
  EXPECT_EQ(state("bag").count, 2U);
  fs::remove(folder_ / "bag/2.png");
  EXPECT_EQ(learn(first, core_), 1U);
  EXPECT_EQ(state("bag"), without);
  EXPECT_EQ(learn(first, core_), 0U);
  EXPECT_THAT(complaints_, testing::IsEmpty());
}

TEST_F(PrototypeLearnerTest, WhatWasDeletedWhileItWasAwayIsTakenBackToo) {
  picture("bag", 1);
  picture("bag", 2);
  picture("shoe", 1);
  PrototypeLearner first(folder_, store_, 1);
  first.use(encoder_);
  learn(first, core_);
  fs::remove(folder_ / "bag/2.png");
  fs::remove_all(folder_ / "shoe");
  PrototypeLearner restarted(folder_, store_, 1);
  restarted.use(encoder_);
  EXPECT_EQ(learn(restarted, core_), 2U);
  EXPECT_EQ(state("bag").count, 1U);
  EXPECT_EQ(state("shoe").count, 0U);
}

TEST_F(PrototypeLearnerTest, ARenamedClassFolderLeavesOnlyTheNewName) {
  picture("bag", 1);
  picture("bag", 2);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  const ClassState bag = state("bag");
  fs::rename(folder_ / "bag", folder_ / "satchel");
  EXPECT_EQ(learn(learner, core_), 2U);
  EXPECT_EQ(own_classes(store_).size(), 1U);
  EXPECT_EQ(state("satchel"), bag);
  fs::rename(folder_ / "satchel", folder_ / "bag");
  EXPECT_EQ(learn(learner, core_), 2U);
  EXPECT_EQ(state("bag"), bag);
}

TEST_F(PrototypeLearnerTest, APictureThatMovesToAnotherClassChangesBoth) {
  picture("bag", 1);
  picture("bag", 2);
  picture("shoe", 1);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  fs::rename(folder_ / "bag/2.png", folder_ / "shoe/2.png");
  EXPECT_EQ(learn(learner, core_), 2U);
  EXPECT_EQ(state("bag").count, 1U);
  EXPECT_EQ(state("shoe").count, 2U);
}

TEST_F(PrototypeLearnerTest, AnEmptyDataFolderTakesNothingBack) {
  picture("bag", 1);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  const fs::path elsewhere = directory_.path().string() + "-away";
  fs::rename(folder_ / "bag", elsewhere);
  EXPECT_EQ(learn(learner, core_), 0U);
  EXPECT_EQ(state("bag").count, 1U);
  ASSERT_EQ(complaints_.size(), 1U);
  EXPECT_THAT(complaints_[0], testing::HasSubstr("is it mounted?"));
  fs::rename(elsewhere, folder_ / "bag");
  EXPECT_EQ(learn(learner, core_), 0U);
  EXPECT_EQ(complaints_.size(), 1U);
}

TEST_F(PrototypeLearnerTest, WhatAnEarlierVersionLearnedStaysWhenItsPicturesAreGone) {
  picture("bag", 1);
  picture("bag", 2);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  const Topic topic{std::string(kPrototypeKind), encoder_, "bag"};
  ClassMemory memory = ClassMemory::decode(*lesson_memory(store_, topic));
  memory.follows_folder = false;
  store_.commit(core_.learned({topic, encode(memory.state()), memory.encode()}, Instant{0}).writes);
  fs::remove(folder_ / "bag/2.png");
  PrototypeLearner now(folder_, store_, 1);
  now.use(encoder_);
  EXPECT_EQ(learn(now, core_), 0U);
  EXPECT_EQ(state("bag").count, 2U);
  ASSERT_EQ(complaints_.size(), 1U);
  EXPECT_THAT(complaints_[0], testing::HasSubstr("1 of the 2 pictures that 'bag' was learned from"));
}

TEST_F(PrototypeLearnerTest, KeepsWhatWasDeletedIfToldTo) {
  picture("bag", 1);
  picture("bag", 2);
  PrototypeLearner learner(folder_, store_, 1, {}, true);
  learner.use(encoder_);
  learn(learner, core_);
  fs::remove(folder_ / "bag/2.png");
  EXPECT_EQ(learn(learner, core_), 0U);
  EXPECT_EQ(state("bag").count, 2U);
}

TEST_F(PrototypeLearnerTest, SendsWhatTheFormAsksFor) {
  picture("bag", 1);
  const auto payload = [&](LessonForm form) {
    Bytes sent;
    PrototypeLearner learner(folder_, store_, 1, form);
    learner.use(encoder_);
    learner.learn([&](Lesson lesson, const std::string&) { sent = std::move(lesson.payload); }, [](auto&) {}, {});
    return decode_class_state(sent);
  };
  const ClassState whole = payload({Precision::float32, true});
  EXPECT_TRUE(whole.keeps_deviations());
  EXPECT_FALSE(payload({}).keeps_deviations());
  EXPECT_EQ(payload({}).sum, whole.sum);
  EXPECT_NE(payload({Precision::int8, false}).sum, whole.sum);
}

TEST_F(PrototypeLearnerTest, LearnsNothingWithAnEncoderThatCannotBeUsed) {
  picture("bag", 1);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  const Digest damaged = Digest::of(bytes_of("damaged"));
  WriteSet writes;
  writes.put(Column::blobs, to_bytes(damaged.view()), to_bytes("damaged"));
  store_.commit(writes);
  EXPECT_THROW(learner.use(damaged), InputError);
  EXPECT_FALSE(learner.has_encoder());
  EXPECT_EQ(learn(learner, core_), 0U);
}

TEST_F(PrototypeLearnerTest, PredictsWhatItHasLearned) {
  EXPECT_THROW(Predictor{store_}, InputError);
  picture("bag", 1);
  picture("shoe", 1);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  learn(learner, core_);
  Predictor predictor(store_);
  const Answer answer = predictor.predict(load_image(folder_ / "shoe/1.png"));
  ASSERT_EQ(answer.distances.size(), 2U);
  EXPECT_EQ(answer.distances[0].first, "shoe");
  EXPECT_EQ(answer.distances[1].first, "bag");
  EXPECT_LT(answer.distances[0].second, answer.distances[1].second);
  EXPECT_FALSE(answer.strangeness);  // a picture of each class tells no spread
}

TEST_F(PrototypeLearnerTest, AClassThatCannotBeTaughtDoesNotKeepOthersFromIt) {
  picture("bag", 1);
  picture("ca\nt", 1);
  picture("shoe", 1);
  PrototypeLearner learner(folder_, store_, 1);
  learner.use(encoder_);
  std::vector<std::string> taught;
  const auto teach = [&](Lesson lesson, const std::string&) {
    if (lesson.topic.subject == "bag") throw InputError("what was learned of 'bag' cannot be sent");
    taught.push_back(lesson.topic.subject);
    store_.commit(core_.learned(std::move(lesson), Instant{0}).writes);
  };
  const auto complain = [&](const std::string& sentence) { complaints_.push_back(sentence); };
  learner.learn(teach, complain, {});
  EXPECT_EQ(taught, std::vector<std::string>{"shoe"});
  ASSERT_EQ(complaints_.size(), 2U);
  EXPECT_NE(complaints_[0].find("ca\\nt"), std::string::npos) << complaints_[0];
  EXPECT_EQ(complaints_[1], "what was learned of 'bag' cannot be sent");
  learner.learn(teach, complain, {});
  EXPECT_EQ(complaints_.size(), 3U) << "a refused lesson is not tried again for ever";
  EXPECT_EQ(state("bag").count, 0U);
}

}  // namespace
}  // namespace outrider::client
