#include "client/families/supermask/task_learner.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/core/replica.h"
#include "client/families/supermask/task_predictor.h"
#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "learners/data/image.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/test_base.h"
#include "storage/memory_store.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A client's core and store without a network.
class TaskLearnerTest : public testing::Test {
 protected:
  void use(const BaseNetwork& base) {
    base_ = base;
    const Bytes blob = base.encode();
    space_ = Digest::of(blob);
    WriteSet writes;
    writes.put(Column::blobs, to_bytes(space_.view()), blob);
    writes.put(Column::meta, to_bytes("encoder"), to_bytes(space_.view()));
    store_.commit(writes);
  }
  void SetUp() override { use(test_base()); }

  // A class of a task is bright in places of its own.
  static std::vector<std::uint8_t> pixels_of(const std::string& task, const std::string& class_name,
                                             std::uint32_t number) {
    Random places(7, task + class_name);
    Random noise(7, task + class_name + "noise", 0, number);
    std::vector<std::uint8_t> pixels(kTestPicture.size());
    for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>((places.below(3) == 0 ? 150 : 20) + noise.below(90));
    return pixels;
  }
  void picture(const std::string& task, const std::string& class_name, std::uint32_t number) {
    fs::create_directories(folder_ / task / class_name);
    save_png(folder_ / task / class_name / (std::to_string(number) + ".png"), kTestPicture,
             pixels_of(task, class_name, number));
  }
  void pictures(const std::string& task, const std::vector<std::string>& classes) {
    for (const std::string& name : classes)
      for (std::uint32_t number = 0; number < 20; ++number) picture(task, name, number);
  }

  LearnerOptions options() const {
    LearnerOptions options;
    options.data = folder_;
    options.threads = 1;
    return options;
  }
  TaskOptions tasks() const {
    TaskOptions tasks;
    tasks.training.batch = 15;
    return tasks;
  }
  TaskLearner make_learner() const { return {space_, base_, store_, options(), tasks()}; }

  // One look; the reports of what was learned.
  std::vector<std::string> look(TaskLearner& learner, const std::stop_token& stop = {}) {
    std::vector<std::string> reports;
    learner.learn(
        [&](Lesson lesson, const std::string& report) {
          store_.commit(core_.learned(std::move(lesson), Instant{0}).writes);
          reports.push_back(report);
        },
        [&](const std::string& sentence) { complaints_.push_back(sentence); }, stop);
    return reports;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, record] : known_tasks(store_, space_, base_)) names.push_back(name);
    return names;
  }
  TaskRecord record(const std::string& task) const {
    for (const auto& [name, record] : known_tasks(store_, space_, base_))
      if (name == task) return record;
    return {};
  }

  // Where the earlier task owns a weight, the later one has its value.
  void expect_owners_values(const TaskRecord& later, const TaskRecord& earlier) const {
    const Ownership known(base_, {{"earlier", earlier}});
    std::size_t shared = 0;
    for (std::size_t layer = 0; layer < later.layers.size(); ++layer) {
      std::size_t value = 0;
      for (std::size_t i = 0; i < later.layers[layer].kept.size(); ++i) {
        if (later.layers[layer].kept[i] == 0) continue;
        if (known.owned()[layer][i] != 0) {
          EXPECT_EQ(later.layers[layer].values[value], known.weights()[layer][i]);
          ++shared;
        }
        ++value;
      }
    }
    EXPECT_GT(shared, 0U);
  }

  TemporaryDirectory directory_;
  fs::path folder_ = directory_.path();
  MemoryStore store_;
  BaseNetwork base_;
  Digest space_;
  std::vector<std::string> complaints_;
  Core core_{ClientId{}, "me", store_, Random(1)};
};

TEST_F(TaskLearnerTest, LearnsATaskWhenItsFolderIsAtRestAndOnce) {
  pictures("fruit", {"apple", "pear"});
  TaskLearner learner = make_learner();
  EXPECT_THAT(look(learner), testing::IsEmpty());  // it may still be growing
  picture("fruit", "pear", 20);
  EXPECT_THAT(look(learner), testing::IsEmpty());
  EXPECT_THAT(look(learner), ElementsAre(HasSubstr("learned the task 'fruit' (2 classes, 41 pictures)")));
  EXPECT_THAT(look(learner), testing::IsEmpty());
  EXPECT_EQ(record("fruit").classes, (std::vector<std::string>{"apple", "pear"}));
  TaskLearner restarted = make_learner();
  EXPECT_THAT(look(restarted), testing::IsEmpty());
  EXPECT_THAT(look(restarted), testing::IsEmpty());
  picture("fruit", "apple", 30);
  EXPECT_THAT(look(restarted), testing::IsEmpty());
  EXPECT_THAT(look(restarted), ElementsAre(HasSubstr("42 pictures")));
  EXPECT_THAT(complaints_, testing::IsEmpty());
}

TEST_F(TaskLearnerTest, ALaterTaskBuildsOnEarlierOnesAndLeavesThemAlone) {
  TaskLearner learner = make_learner();
  pictures("fruit", {"apple", "pear"});
  look(learner);
  look(learner);
  const TaskRecord fruit = record("fruit");
  pictures("tools", {"hammer", "saw", "spade"});
  look(learner);
  EXPECT_EQ(look(learner).size(), 1U);
  EXPECT_EQ(record("fruit"), fruit);
  EXPECT_EQ(record("tools").place, fruit.place + 1);
  expect_owners_values(record("tools"), fruit);
}

// News arrives once the learner has looked at what is known.
class StoreWithNews : public Store {
 public:
  StoreWithNews(MemoryStore& store, WriteSet news) : store_(store), news_(std::move(news)) {}
  void commit(const WriteSet& writes) override { store_.commit(writes); }
  std::optional<Bytes> get(Column column, ByteView key) const override { return store_.get(column, key); }
  void scan(Column column, ByteView prefix, const std::function<void(ByteView, ByteView)>& visit) const override {
    store_.scan(column, prefix, visit);
    if (column == Column::replica) store_.commit(std::exchange(news_, {}));
  }

 private:
  MemoryStore& store_;
  mutable WriteSet news_;
};

TEST_F(TaskLearnerTest, RebasesOnWhatBecomesKnownWhileItLearns) {
  pictures("fruit", {"apple", "pear"});  // learned elsewhere
  const Dataset elsewhere = load_task(look_for_tasks(folder_, {}).front(), kTestPicture, {});
  const TaskRecord fruit =
      learn_task(base_, Ownership(base_), elsewhere, random_scores(base_, 1), {.batch = 15, .threads = 1});
  WriteSet news;
  news.put(Column::replica, topic_key({std::string(kSupermaskKind), space_, "fruit"}), fruit.encode());
  const StoreWithNews store(store_, news);
  fs::remove_all(folder_ / "fruit");
  pictures("tools", {"hammer", "saw"});
  TaskLearner learner(space_, base_, store, options(), tasks());
  look(learner);
  EXPECT_THAT(look(learner), ElementsAre(HasSubstr("rebased")));
  const TaskRecord tools = record("tools");
  EXPECT_EQ(tools.place, fruit.place + 1);
  expect_owners_values(tools, fruit);
}

TEST_F(TaskLearnerTest, ComplainsAboutWhatIsNoTask) {
  pictures("fruit", {"apple"});
  pictures("many", {"a", "b", "c", "d"});
  pictures("tools", {"hammer", "saw"});
  std::ofstream(folder_ / "tools/saw/x.png") << "half a pic";
  TaskLearner learner = make_learner();
  look(learner);
  EXPECT_THAT(look(learner), ElementsAre(HasSubstr("'tools' (2 classes, 40 pictures)")));
  EXPECT_THAT(complaints_,
              testing::Contains(HasSubstr("the task 'fruit' has pictures of 1 classes; a task has 2 to 3")));
  EXPECT_THAT(complaints_, testing::Contains(HasSubstr("the task 'many' has pictures of 4 classes")));
  EXPECT_THAT(complaints_, testing::Contains(HasSubstr("x.png")));
}

TEST_F(TaskLearnerTest, WhatCannotBeReadIsComplainedAboutAndTheOthersAreLearned) {
  pictures("tools", {"hammer", "saw"});
  fs::create_symlink("loop", folder_ / "tools/loop");
  fs::create_symlink("nowhere", folder_ / "tools/saw/dangling.png");
  fs::create_symlink("nothing", folder_ / "other");
  std::ofstream(folder_ / "tools/stray.png") << "x";
  TaskLearner learner = make_learner();
  look(learner);
  EXPECT_THAT(look(learner), ElementsAre(HasSubstr("'tools' (2 classes, 40 pictures)")));
  for (const char* name : {"loop", "dangling.png", "other", "stray.png"})
    EXPECT_THAT(complaints_, testing::Contains(HasSubstr(name)));
}

TEST_F(TaskLearnerTest, TakesTheKnownTicketOfATask) {
  BaseNetwork base = test_base();
  base.weights = BaseWeights::he_normal;
  use(base);
  TaskOptions lottery = tasks();
  lottery.finder = MaskFinder::lottery;
  lottery.lottery.rounds = 4;
  lottery.lottery.batch = 15;
  pictures("fruit", {"apple", "pear"});
  TaskLearner finder(space_, base_, store_, options(), lottery);
  look(finder);
  EXPECT_THAT(look(finder), ElementsAre(HasSubstr("a ticket with")));
  const TaskRecord first = record("fruit");
  EXPECT_LT(first.layers.front().count(), first.layers.front().kept.size() / 2);
  for (std::uint32_t number = 50; number < 60; ++number) picture("fruit", "pear", number);
  TaskLearner later(space_, base_, store_, options(), lottery);
  look(later);
  EXPECT_THAT(look(later), ElementsAre(HasSubstr("with the known ticket")));
  const TaskRecord second = record("fruit");
  EXPECT_NE(second, first);
  for (std::size_t layer = 0; layer < first.layers.size(); ++layer)
    EXPECT_EQ(second.layers[layer].kept, first.layers[layer].kept);
}

TEST_F(TaskLearnerTest, StopsInTheMiddleOfATask) {
  pictures("fruit", {"apple", "pear"});
  TaskLearner learner = make_learner();
  look(learner);
  std::stop_source source;
  source.request_stop();
  EXPECT_THAT(look(learner, source.get_token()), testing::IsEmpty());
  EXPECT_THAT(names(), testing::IsEmpty());
  EXPECT_EQ(look(learner).size(), 1U);
}

TEST_F(TaskLearnerTest, PredictsWithTheTaskToldOrInferred) {
  pictures("fruit", {"apple", "pear"});
  pictures("tools", {"hammer", "saw"});
  TaskLearner learner = make_learner();
  look(learner);
  EXPECT_EQ(look(learner).size(), 2U);
  TaskPredictor told(store_, "tools");
  TaskPredictor inferring(store_, std::nullopt, true);
  int right = 0;
  for (std::uint32_t number = 100; number < 110; ++number)
    for (const char* name : {"hammer", "saw"}) {
      const Image image{kTestPicture, pixels_of("tools", name, number)};
      const TaskAnswer answer = told.predict(image);
      EXPECT_EQ(answer.task, "tools");
      EXPECT_GE(answer.probability, answer.runner_up_probability);
      right += answer.class_name == name ? 1 : 0;
      const TaskAnswer inferred = inferring.predict(image);
      EXPECT_TRUE(inferred.task == "tools" || inferred.task == "fruit");
    }
  EXPECT_GE(right, 18);
  try {
    const TaskPredictor music(store_, "music");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()), "the task 'music' is not known; known: 'fruit', 'tools'");
  }
}

TEST_F(TaskLearnerTest, SeveralTasksWantOneToldAndBatchNormForbidsGuessing) {
  use(test_base("input 1x6x6; conv 8 k3 p1 nobias; batchnorm noaffine; relu; flatten; linear 3 nobias"));
  EXPECT_THROW(TaskPredictor(store_, std::nullopt), InputError);  // knows no task
  pictures("fruit", {"apple", "pear"});
  TaskLearner learner = make_learner();
  look(learner);
  look(learner);
  TaskPredictor only(store_, std::nullopt);
  EXPECT_EQ(only.predict({kTestPicture, pixels_of("fruit", "apple", 100)}).task, "fruit");
  pictures("tools", {"hammer", "saw"});
  look(learner);
  look(learner);
  const auto mistake = [&](bool infer) -> std::string {
    try {
      const TaskPredictor predictor(store_, std::nullopt, infer);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  EXPECT_THAT(mistake(false), HasSubstr("it knows several tasks, 'fruit', 'tools': say with --task"));
  EXPECT_THAT(mistake(true), HasSubstr("name it with --task; known: 'fruit', 'tools'"));
}

}  // namespace
}  // namespace outrider::client
