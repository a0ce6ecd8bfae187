// The key promise: kill -9 anybody at any moment, and in the end everybody knows, bit for bit, what an undisturbed run
// would have taught; nothing is lost and nothing counts twice.
#include <algorithm>
#include <functional>
#include <map>

#include <gmock/gmock.h>

#include "client/core/core.h"
#include "client/core/replica.h"
#include "client/daemon/status_query.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "simulations/fleet/fleet.h"
#include "tests/fashion.h"
#include "tests/process.h"

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;
using simulations::Fleet;

constexpr std::size_t kClients = 3;
constexpr int kKills = 10;
constexpr Instant kBetweenShowings{700};

// A client meets pictures: of a class that is new to all, new to it, or more of one that it knows.
struct Showing {
  std::size_t client;
  std::string class_name;
  std::size_t skip;
  std::size_t count;
};
const std::vector<Showing> kShowings{
    {0, "sneaker", 0, 12}, {1, "dress", 0, 9},      {2, "coat", 0, 15},       {0, "sneaker", 12, 5},
    {1, "sneaker", 17, 8}, {2, "sandal", 0, 20},    {0, "ankle-boot", 0, 3},  {1, "dress", 9, 30},
    {2, "coat", 15, 1},    {0, "pullover", 0, 25},  {1, "ankle-boot", 3, 10}, {2, "sneaker", 25, 2},
    {0, "shirt", 0, 7},    {1, "pullover", 25, 14}, {2, "coat", 16, 6},
};

// How many pictures of each class the clients, and before them the aggregator, have been shown.
std::map<std::string, std::uint64_t> pictures_shown() {
  std::map<std::string, std::uint64_t> shown{
      {"t-shirt", kBasePictures}, {"trouser", kBasePictures}, {"bag", kBasePictures}};
  for (const Showing& showing : kShowings) shown[showing.class_name] += showing.count;
  return shown;
}

// The merged knowledge at one client: its replica, by class.
std::map<std::string, Bytes> replica_of(const Fleet& fleet, std::size_t client) {
  const auto store = open_store_read_only(fleet.client_state(client));
  std::map<std::string, Bytes> replica;
  client::for_each_known(*store, std::string(kPrototypeKind), client::stored_definition_id(*store),
                         [&](const Topic& topic, ByteView payload) {
                           ClassState state = decode_class_state(payload, kMergedLimits);
                           state.sole_teacher = 0;  // follows from its keys, which are others in each fleet
                           replica[topic.subject] = encode(state);
                         });
  return replica;
}

std::map<std::string, std::uint64_t> counts_in(const std::map<std::string, Bytes>& replica) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [name, payload] : replica) counts[name] = decode_class_state(payload, kMergedLimits).count;
  return counts;
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// How often daemons have been started in a fleet's directory, from their logs.
std::size_t starts_in(const std::filesystem::path& fleet) {
  std::size_t count = occurrences(text_of_file(fleet / "aggregator.log"), "listening on");
  for (const auto& client : std::filesystem::directory_iterator(fleet / "clients"))
    count += occurrences(text_of_file(client.path() / "client.log"), "looks for");
  return count;
}

// What is left when all has been said.
struct Result {
  std::vector<std::map<std::string, Bytes>> replicas;  // by client
  std::map<std::string, std::uint32_t> contributors;   // by class, as the aggregator's status has it
  Digest definition;
};

// Something that happens to the fleet at a time.
struct Event {
  Instant at;
  std::function<void(Fleet&)> happen;
};

void add_showings(std::vector<Event>& events) {
  Instant at{0};
  for (const Showing& showing : kShowings) {
    events.push_back({at, [showing](Fleet& fleet) {
                        show(fleet.client_data(showing.client), showing.class_name,
                             pictures_of(showing.class_name, showing.skip, showing.count));
                      }});
    at += kBetweenShowings;
  }
}

// kKills times, spread over the showings, the aggregator or a client is killed and, a while later, started again.
void add_kills(std::vector<Event>& events, std::uint64_t seed) {
  Random random(seed, "kills");
  const Instant slot = kBetweenShowings * static_cast<int>(kShowings.size()) / kKills;
  for (int kill = 0; kill < kKills; ++kill) {
    const auto part = [&](Instant most) { return Instant{random.below(static_cast<std::uint32_t>(most.count()))}; };
    const Instant at = kill * slot + part(slot / 2);
    const Instant back = at + part(slot / 2);
    const std::size_t victim = random.below(kClients + 2);  // the aggregator twice as often as each client
    if (victim < kClients) {
      events.push_back({at, [victim](Fleet& fleet) { fleet.kill_client(victim); }});
      events.push_back({back, [victim](Fleet& fleet) { fleet.start_client(victim); }});
    } else {
      events.push_back({at, [](Fleet& fleet) { fleet.kill_aggregator(); }});
      events.push_back({back, [](Fleet& fleet) { fleet.start_aggregator(); }});
    }
  }
}

class Killing : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  Killing() { pretrain_small_encoder(directory.path() / "small.outrider"); }

  Result run_fleet(const std::string& name, std::vector<Event> events) {
    Fleet fleet({OUTRIDER_PROGRAM, directory.path() / name, directory.path() / "small.outrider", kClients, 1});
    std::ranges::stable_sort(events, {}, &Event::at);
    const auto start = std::chrono::steady_clock::now();
    for (const Event& event : events) {
      const auto early = start + event.at - std::chrono::steady_clock::now();
      if (early > 0ms) rest(std::chrono::duration_cast<Instant>(early));
      event.happen(fleet);
    }
    wait_until_all_is_known(fleet);
    Result result = result_of(fleet);
    fleet.stop();
    for (std::size_t client = 0; client < kClients; ++client)  // and it is what is on the disk
      EXPECT_EQ(replica_of(fleet, client), result.replicas[client]);
    return result;
  }

  static void wait_until_all_is_known(Fleet& fleet) {
    const auto shown = pictures_shown();
    const bool known = eventually(
        [&] {
          fleet.rendezvous(shown.size(), 60s);
          for (std::size_t client = 0; client < kClients; ++client)
            if (counts_in(replica_of(fleet, client)) != shown) return false;
          return true;
        },
        30s);
    EXPECT_TRUE(known) << "a client lacks pictures or has counted some twice";
    rest(2500ms);  // time for each client to look at its folder again, and to count something twice
    fleet.rendezvous(shown.size(), 60s);
  }

  static Result result_of(const Fleet& fleet) {
    Result result;
    for (std::size_t client = 0; client < kClients; ++client) result.replicas.push_back(replica_of(fleet, client));
    const protocol::Status status = client::query_status(fleet.address(), 20s);
    result.definition = status.definition;
    for (const auto& topic : status.topics) result.contributors[topic.topic.subject] = topic.contributors;
    return result;
  }

  TemporaryDirectory directory;
};

TEST_P(Killing, AnybodyTenTimesChangesNothingInWhatIsKnownAtTheEnd) {
  std::vector<Event> undisturbed;
  add_showings(undisturbed);
  for (Event& event : undisturbed) event.at /= 7;
  const Result expected = run_fleet("undisturbed", undisturbed);

  std::vector<Event> disturbed;
  add_showings(disturbed);
  add_kills(disturbed, GetParam());
  const Result found = run_fleet("disturbed", disturbed);

  EXPECT_EQ(starts_in(directory.path() / "undisturbed"), kClients + 1);
  // One that is killed at once may not have written its first line.
  EXPECT_GT(starts_in(directory.path() / "disturbed"), kClients + 1 + kKills / 2);
  EXPECT_EQ(found.definition, expected.definition);
  EXPECT_EQ(found.contributors, expected.contributors);
  for (std::size_t client = 0; client < kClients; ++client) {
    EXPECT_EQ(counts_in(found.replicas[client]), pictures_shown()) << "client " << client + 1;
    EXPECT_EQ(found.replicas[client], expected.replicas[0]) << "client " << client + 1;
    EXPECT_EQ(expected.replicas[client], expected.replicas[0]) << "client " << client + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Killing, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace outrider::testing
