// Tasks as masks, from the command line: clients teach different tasks and the same one, a late comer has them all.
#include <csignal>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "client/core/core.h"
#include "client/core/replica.h"
#include "client/families/supermask/known_tasks.h"
#include "learners/data/split.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/task_network.h"
#include "storage/store.h"
#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

using TaskClasses = std::vector<std::string>;
const TaskClasses kShoes{"ankle-boot", "sandal"};
const TaskClasses kTops{"dress", "pullover"};
const TaskClasses kOther{"bag", "trouser"};
const std::vector<std::string> kBriefly{"--least-steps", "60"};

std::filesystem::path base_network(const Site& site) {
  const auto file = site.path("base.outrider");
  const Outcome outcome = run({"base", "--architecture", "lenet-300-100", "--classes", "2", "--mean", "0.286",
                               "--deviation", "0.353", "--density", "0.1", "--output", file.string()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("265400 weights, of which a task uses 10 %"));
  return file;
}

void show_task(const Site& site, const std::string& client, const std::string& task, const TaskClasses& classes,
               std::size_t skip = 0) {
  for (const std::string& name : classes) show(site.data(client) / task, name, pictures_of(name, skip, 60));
}

// A client's merged tasks with the base network that they are over.
struct Knowledge {
  BaseNetwork base;
  NamedTasks tasks;

  const TaskRecord& at(const std::string& task) const {
    const auto found = std::ranges::find(tasks, task, [](const auto& entry) { return entry.first; });
    EXPECT_NE(found, tasks.end()) << task;
    return found->second;
  }
};

Knowledge knowledge_of(const Site& site, const std::string& client) {
  const auto store = open_store_read_only(site.state(client));
  const Digest space = client::stored_definition_id(*store);
  Knowledge knowledge{BaseNetwork::decode(store->get(Column::blobs, space.view()).value()), {}};
  client::for_each_known(*store, std::string(kSupermaskKind), space, [&](const Topic& topic, ByteView payload) {
    knowledge.tasks.emplace_back(topic.subject, TaskRecord::decode(payload, knowledge.base));
  });
  return knowledge;
}

// What the client itself contributed.
TaskRecord taught(const Site& site, const std::string& client, const std::string& task) {
  const auto store = open_store_read_only(site.state(client));
  const Digest space = client::stored_definition_id(*store);
  const auto memory = client::lesson_memory(*store, {std::string(kSupermaskKind), space, task});
  const BaseNetwork base = BaseNetwork::decode(store->get(Column::blobs, space.view()).value());
  return TaskRecord::decode(client::TaskMemory::decode(memory.value()).record, base);
}

// Unseen pictures of the classes, labels in their order.
Dataset unseen(const TaskClasses& classes) {
  Dataset data{fashion().shape, {}, {}, classes, {}, {}};
  for (std::uint32_t label = 0; label < classes.size(); ++label)
    for (const std::size_t picture : pictures_of(classes[label], 500, 50)) {
      const auto pixels = fashion().image(picture);
      data.pixels.insert(data.pixels.end(), pixels.begin(), pixels.end());
      data.labels.push_back(label);
    }
  return data;
}

std::vector<float> logits(const BaseNetwork& base, const TaskRecord& record, const Dataset& pictures) {
  TaskNetwork network(base, 1);
  network.use(record);
  return network.logits(pictures);
}

TEST(Tasks, ALateComerHasEveryTaskExactlyAsItsTeacher) {
  Site site;
  Process aggregator = site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", base_network(site).string()});
  show_task(site, "ann", "shoes", kShoes);
  show_task(site, "bob", "tops", kTops);
  Process ann = site.start_client("ann", kBriefly);
  Process bob = site.start_client("bob", kBriefly);
  ASSERT_TRUE(eventually([&] { return site.knows_class("shoes") && site.knows_class("tops"); })) << ann.errors();
  show_task(site, "ann", "other", kOther);
  ASSERT_TRUE(eventually([&] { return site.knows_class("other"); })) << ann.errors();
  Process carl = site.start_client("carl", kBriefly);
  ASSERT_TRUE(eventually([&] { return site.caught_up("carl") && site.caught_up("ann"); })) << carl.errors();

  const Knowledge known = knowledge_of(site, "carl");
  ASSERT_EQ(known.tasks.size(), 3U);
  for (const auto& [teacher, task, classes] :
       {std::tuple{"ann", "shoes", kShoes}, {"bob", "tops", kTops}, {"ann", "other", kOther}}) {
    TaskRecord record = taught(site, teacher, task);
    EXPECT_EQ(logits(known.base, known.at(task), unseen(classes)), logits(known.base, record, unseen(classes))) << task;
    TaskNetwork judge(known.base, 1);
    judge.use(known.at(task));
    EXPECT_GT(judge.accuracy(unseen(classes)), 0.7) << task;
  }
  EXPECT_GT(known.at("other").place, known.at("shoes").place) << "its teacher knew the first one";

  // The daemons are told to stop, and the tasks are there when they start again.
  aggregator.send(SIGTERM);
  ASSERT_TRUE(aggregator.wait(5s));
  Process again = site.start_aggregator(site.address());
  EXPECT_EQ(site.status().topics.size(), 3U);
}

TEST(Tasks, OneTaskOfTwoTeachersIsMergedForEverybodyAlike) {
  Site site;
  Process aggregator = site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", base_network(site).string()});
  show_task(site, "ann", "shoes", kShoes);
  show_task(site, "bob", "shoes", kShoes, 100);
  Process ann = site.start_client("ann", kBriefly);
  Process bob = site.start_client("bob", kBriefly);
  const auto teachers = [&] {
    const protocol::Status status = site.status();
    return status.topics.empty() ? 0U : status.topics.front().contributors;
  };
  ASSERT_TRUE(eventually([&] { return teachers() == 2; })) << bob.errors();
  ASSERT_TRUE(eventually([&] { return site.caught_up("ann") && site.caught_up("bob"); }));
  const Knowledge known = knowledge_of(site, "ann");
  EXPECT_EQ(known.at("shoes"), knowledge_of(site, "bob").at("shoes"));
  EXPECT_EQ(known.at("shoes").examples, 240U);
  TaskNetwork judge(known.base, 1);
  judge.use(known.at("shoes"));
  EXPECT_GT(judge.accuracy(unseen(kShoes)), 0.7);
}

TEST(Tasks, AreAnsweredByPredict) {
  Site site;
  Process aggregator = site.start_aggregator("tcp://127.0.0.1:*", {"--pretrained", base_network(site).string()});
  show_task(site, "ann", "shoes", kShoes);
  Process ann = site.start_client("ann", kBriefly);
  ASSERT_TRUE(eventually([&] { return site.knows_class("shoes"); })) << ann.errors();
  EXPECT_THAT(ann.errors(), HasSubstr("learned the task 'shoes' (2 classes, 120 pictures"));
  const auto picture =
      site.data("ann") / "shoes/sandal" / (std::to_string(pictures_of("sandal", 0, 1).front()) + ".png");
  const std::vector<std::string> command{"predict", "--json", "--state", site.state("ann").string(), picture.string()};
  for (const bool told : {false, true}) {
    std::vector<std::string> arguments = command;
    if (told) arguments.insert(arguments.end(), {"--task", "shoes"});
    const Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    const auto answer = nlohmann::json::parse(outcome.output);
    EXPECT_EQ(answer.at("task"), "shoes");
    EXPECT_EQ(answer.at("class"), "sandal");
    EXPECT_EQ(answer.at("runner_up"), "ankle-boot");
    EXPECT_GT(answer.at("probability"), 0.5);
  }
  std::vector<std::string> wrong = command;
  wrong.insert(wrong.end(), {"--task", "tops"});
  const Outcome outcome = run(wrong);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("the task 'tops' is not known; known: 'shoes'"));
}

}  // namespace
}  // namespace outrider::testing
