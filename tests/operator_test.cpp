// What an operator asks an aggregator about its clients, from the command line: while it runs, while it does not, and
// when it is killed meanwhile.
#include <csignal>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "knowledge/contribution.h"
#include "storage/store.h"
#include "tests/daemons.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::vector<std::string> asked_of(const Site& site, const std::string& verb, std::vector<std::string> words) {
  words.insert(words.begin(), verb);
  words.insert(words.end(), {"--state", site.path("aggregator").string()});
  return words;
}
std::vector<std::string> client_verb(const Site& site, std::vector<std::string> words) {
  return asked_of(site, "client", std::move(words));
}
std::vector<std::string> forget_verb(const Site& site, std::vector<std::string> words) {
  return asked_of(site, "forget", std::move(words));
}

// Ann and Bob have taught sneakers both, Bob sandals, too.
struct TwoClients {
  Site site;
  std::optional<Process> aggregator{site.start_aggregator_with_encoder()};
  std::optional<Process> ann;

  TwoClients() {
    show(site.data("ann"), "sneaker", pictures_of("sneaker", 0, 5));
    show(site.data("bob"), "sneaker", pictures_of("sneaker", 5, 7));
    show(site.data("bob"), "sandal", pictures_of("sandal", 0, 6));
    ann.emplace(site.start_client("ann"));
    Process bob = site.start_client("bob");
    EXPECT_TRUE(eventually([&] {
      return site.caught_up("ann") && site.caught_up("bob") && pictures_known(site.state("ann"), "sneaker") == 12 &&
             pictures_known(site.state("ann"), "sandal") == 6;
    })) << bob.errors();
    bob.send(SIGTERM);
    EXPECT_TRUE(bob.wait(10s));
  }
  bool bob_is_forgotten() {
    return eventually([&] {
      return pictures_known(site.state("ann"), "sneaker") == 5 && pictures_known(site.state("ann"), "sandal") == 0;
    });
  }
  void stop(std::optional<Process>& process, int signal) {
    process->send(signal);
    EXPECT_TRUE(process->wait(10s));
    process.reset();
  }
};

TEST(OperatorOfAnAggregator, ForgetsAClientWhileItRuns) {
  TwoClients world;
  const Outcome shown = run(client_verb(world.site, {"show", "bob", "--json"}));
  ASSERT_EQ(shown.exit_code, 0) << shown.errors;
  EXPECT_EQ(nlohmann::json::parse(shown.output)["taught"].size(), 2U);
  const Outcome removed = run(client_verb(world.site, {"remove", "bob", "--forget", "--yes"}));
  EXPECT_EQ(removed.exit_code, 0) << removed.errors;
  EXPECT_THAT(removed.output, HasSubstr("2 classes from 13 pictures taken back"));
  EXPECT_TRUE(world.bob_is_forgotten());
  EXPECT_FALSE(world.site.client_status("bob"));
  // Killed, it has forgotten him as well.
  world.stop(world.aggregator, SIGKILL);
  const Outcome list = run(client_verb(world.site, {"list", "--json"}));
  ASSERT_EQ(list.exit_code, 0) << list.errors;
  const auto clients = nlohmann::json::parse(list.output);
  ASSERT_EQ(clients.size(), 1U);
  EXPECT_EQ(clients[0]["name"], "ann");
}

TEST(OperatorOfAnAggregator, ForgetsAClientWhileItDoesNotRun) {
  TwoClients world;
  world.stop(world.aggregator, SIGKILL);
  const Outcome removed = run(client_verb(world.site, {"remove", "bob", "--forget", "--yes"}));
  EXPECT_EQ(removed.exit_code, 0) << removed.errors;
  world.aggregator.emplace(world.site.start_aggregator(world.site.address()));
  EXPECT_TRUE(world.bob_is_forgotten()) << "the replica was away when it was forgotten";
}

TEST(OperatorOfAnAggregator, KilledWhileItForgetsHasForgottenAllOrNothing) {
  TwoClients world;
  Process asking(client_verb(world.site, {"remove", "bob", "--forget", "--yes"}));
  rest(60ms);
  world.stop(world.aggregator, SIGKILL);
  EXPECT_TRUE(asking.wait(20s));
  const Outcome show_bob = run(client_verb(world.site, {"show", "bob", "--json"}));
  if (show_bob.exit_code == 0) {
    EXPECT_EQ(nlohmann::json::parse(show_bob.output)["taught"].size(), 2U);
  }
  run(client_verb(world.site, {"remove", "bob", "--forget", "--yes"}));
  world.aggregator.emplace(world.site.start_aggregator(world.site.address()));
  EXPECT_TRUE(world.bob_is_forgotten());
}

// What a client has contributed on the class, as it lies in its outbox.
Bytes said_on(const std::filesystem::path& state, const std::string& class_name) {
  Bytes said;
  open_store_read_only(state)->scan(Column::contributions, {}, [&](ByteView, ByteView value) {
    const Contribution contribution = decode_contribution(value);
    if (contribution.topic.subject == class_name) said = contribution.payload;
  });
  return said;
}

// In how many files below the folder these bytes lie.
std::size_t files_with(const std::filesystem::path& folder, ByteView bytes) {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) found += text_of_file(entry.path()).find(text_of(bytes)) != std::string::npos ? 1 : 0;
  return found;
}

TEST(OperatorOfAnAggregator, LeavesNoByteOfAClassThatItForgets) {
  TwoClients world;
  const Bytes face = said_on(world.site.state("bob"), "sandal");
  const Bytes other = said_on(world.site.state("bob"), "sneaker");
  ASSERT_GT(std::min(face.size(), other.size()), 100U);
  ASSERT_GT(files_with(world.site.path("aggregator"), face), 0U) << "it is looked for as it lies there";
  const Outcome forgotten = run(forget_verb(world.site, {"--class", "sandal", "--yes"}));
  ASSERT_EQ(forgotten.exit_code, 0) << forgotten.errors;
  EXPECT_TRUE(eventually([&] { return files_with(world.site.path("aggregator"), face) == 0; }));
  EXPECT_TRUE(eventually([&] { return pictures_known(world.site.state("ann"), "sandal") == 0; }));
  EXPECT_EQ(pictures_known(world.site.state("ann"), "sneaker"), 12U);
}

TEST(OperatorOfAnAggregator, ForgetsAClassWhileItRuns) {
  TwoClients world;
  const Outcome forgotten = run(forget_verb(world.site, {"--class", "sneaker", "--yes"}));
  EXPECT_EQ(forgotten.exit_code, 0) << forgotten.errors;
  EXPECT_THAT(forgotten.output, HasSubstr("class 'sneaker' is forgotten: 2 contributions of 2 clients taken back"));
  EXPECT_TRUE(eventually([&] {
    return pictures_known(world.site.state("ann"), "sneaker") == 0 &&
           pictures_known(world.site.state("ann"), "sandal") == 6;
  }));
  world.stop(world.aggregator, SIGKILL);
  const Outcome record = run(forget_verb(world.site, {"--list", "--json"}));
  ASSERT_EQ(record.exit_code, 0) << record.errors;
  const auto list = nlohmann::json::parse(record.output);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["what"], "a class");
  EXPECT_EQ(list[0]["contributions"], 2);
  EXPECT_GT(list[0]["when"], 1'700'000'000);
  world.aggregator.emplace(world.site.start_aggregator(world.site.address()));
  // Bob was away all the time.
  const Process bob = world.site.start_client("bob", {"--keep-deleted"});
  EXPECT_TRUE(eventually([&] { return pictures_known(world.site.state("bob"), "sneaker") == 0; })) << bob.errors();
}

TEST(OperatorOfAnAggregator, ForgetsAClientByThatVerbToo) {
  TwoClients world;
  const Outcome forgotten = run(forget_verb(world.site, {"--client", "bob", "--yes"}));
  EXPECT_EQ(forgotten.exit_code, 0) << forgotten.errors;
  EXPECT_THAT(forgotten.output, HasSubstr("2 classes from 13 pictures taken back"));
  EXPECT_TRUE(world.bob_is_forgotten());
}

// Nobody is there to ask.
TEST(OperatorOfAnAggregator, ForgetsNothingUnasked) {
  TwoClients world;
  for (const Outcome& outcome :
       {run(forget_verb(world.site, {"--class", "sneaker"})), run(forget_verb(world.site, {"--client", "bob"})),
        run(client_verb(world.site, {"remove", "bob", "--forget"}))}) {
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr("--yes"));
  }
  EXPECT_EQ(pictures_known(world.site.state("ann"), "sneaker"), 12U);
  const Outcome status = run({"status", "--aggregator", world.site.address()});
  EXPECT_THAT(status.output, HasSubstr("bob"));
}

TEST(OperatorOfAnAggregator, ForgetsOneThingAtATime) {
  Site site;
  for (const auto& [words, exit_code] :
       std::vector<std::pair<std::vector<std::string>, int>>{{{}, 1}, {{"--class", "bag", "--client", "bob"}, 2}}) {
    const Outcome outcome = run(forget_verb(site, words));
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.errors;
    EXPECT_THAT(outcome.errors, ::testing::AllOf(HasSubstr("--class"), HasSubstr("--client")));
  }
  const Process aggregator = site.start_aggregator();
  const Outcome unknown = run(forget_verb(site, {"--class", "bagg", "--yes"}));
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.errors, HasSubstr("nothing is known of 'bagg'"));
}

TEST(Verify, SaysOfStatesThatRunThatTheyAreWhole) {
  TwoClients world;
  const Outcome aggregator = run({"verify", world.site.path("aggregator").string()});
  EXPECT_EQ(aggregator.exit_code, 0) << aggregator.output << aggregator.errors;
  EXPECT_THAT(aggregator.output, HasSubstr("an aggregator's state, whole: "));
  EXPECT_THAT(aggregator.output, HasSubstr("5 topics"));
  const Outcome ann = run({"verify", "--json", world.site.state("ann").string()});
  EXPECT_EQ(ann.exit_code, 0) << ann.output << ann.errors;
  const auto found = nlohmann::json::parse(ann.output);
  EXPECT_EQ(found["state"], "client");
  EXPECT_EQ(found["whole"], true);
  EXPECT_EQ(found["topics"], 5) << "the base's three";
}

TEST(Verify, NamesWhatIsDamaged) {
  TwoClients world;
  world.stop(world.aggregator, SIGKILL);
  const auto state = world.site.path("aggregator");
  WriteSet writes;
  const auto store = open_store(state);
  store->scan(Column::contributions, {},
              [&](ByteView key, ByteView) { writes.erase(Column::contributions, to_bytes(key)); });
  writes.operations.erase(writes.operations.begin() + 1, writes.operations.end());
  store->commit(writes);
  const Outcome outcome = run({"verify", state.string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("damaged: revision "));
  EXPECT_THAT(outcome.output, HasSubstr("which is lost"));
}

TEST(Verify, RefusesWhatIsNoState) {
  Site site;
  for (const auto& path : {site.path("nothing"), site.path("")}) {
    const Outcome outcome = run({"verify", path.string()});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr(path.string()));
    EXPECT_EQ(outcome.output, "");
  }
}

TEST(OperatorOfAnAggregator, IsNotAskedOfAClientsState) {
  TwoClients world;
  world.stop(world.ann, SIGTERM);
  const Outcome outcome = run({"client", "list", "--state", world.site.state("ann").string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("is no aggregator's state"));
}

TEST(OperatorOfAnAggregator, IsToldWhatCannotBe) {
  Site site;
  for (const char* who : {"list", "show", "remove"}) {
    std::vector<std::string> words{who};
    if (words[0] != "list") words.push_back("bob");
    const Outcome outcome = run(client_verb(site, words));
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr("there is no aggregator's state in '"));
  }
  const Process aggregator = site.start_aggregator();
  const Outcome unknown = run(client_verb(site, {"remove", "abcd", "--forget"}));
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.errors, HasSubstr("no client has the id or the name 'abcd'"));
}

}  // namespace
}  // namespace outrider::testing
