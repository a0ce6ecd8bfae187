// What the operator asks about clients: a client that is forgotten might as well never have taught anything.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/core/core.h"
#include "aggregator/daemon/operator_service.h"
#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/round_record.h"
#include "learners/averaging/test_clients.h"
#include "learners/averaging/test_updates.h"
#include "learners/averaging/update_wire.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "learners/growing/test_growth.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/random_records.h"
#include "storage/memory_store.h"

namespace outrider::aggregator {
namespace {

using testing::HasSubstr;

constexpr std::size_t kWidth = 2;
const ClientId kSelf = ClientId::from_public_key(bytes_of("aggregator"));

ClientId named(const std::string& name) {
  return ClientId::from_public_key(bytes_of(name));
}

// An aggregator with a store, and clients that are nothing but their numbers.
class Office {
 public:
  explicit Office(Bytes definition, Limits limits = {}) : limits_(limits), definition_(Digest::of(definition)) {
    restart();
    commit(core_->publish(std::move(definition), {}));
  }

  void restart(const AdmissionRules& rules) {
    rules_ = rules;
    restart();
  }
  void restart() {
    const auto kept = store_ ? store_->reopened() : std::make_unique<MemoryStore>();
    store_ = kept->reopened();
    std::vector<std::unique_ptr<Family>> families;
    families.push_back(std::make_unique<PrototypicalFamily>(
        [](ByteView bytes) {
          if (bytes.size() != 1) throw InputError("no encoder of these tests");
          return kWidth;
        },
        rules_));
    families.push_back(std::make_unique<SupermaskFamily>());
    families.push_back(std::make_unique<averaging::AveragingFamily>(
        averaging::RoundRules{.cohort = 3, .minimum = 2, .duration = Instant{10'000}}));
    families.push_back(std::make_unique<growing::GrowingFamily>());
    core_ = std::make_unique<Core>(kSelf, *store_, families, limits_);
  }

  void commit(Effects effects) {
    store_->commit(effects.writes);
    answers_ = std::move(effects.messages);
  }
  void hear(const ClientId& from, protocol::Body body) { commit(core_->receive({from, std::move(body)}, now_)); }
  void come(const ClientId& client, const std::string& name) { hear(client, protocol::Hello{name, {}}); }
  void teach(const ClientId& client, const std::string& kind, const std::string& subject, Bytes payload) {
    const Contribution contribution{
        client, SequenceNumber{++taught_[client]}, {}, {kind, definition_, subject}, std::move(payload)};
    hear(client, protocol::Contribute{{contribution}});
    last_ = contribution;
  }
  OperatorAnswer ask(const OperatorRequest& request) {
    return serve_operator(*core_, request, now_, [this](Effects effects) { commit(std::move(effects)); });
  }
  void forget(const ClientId& client) {
    ASSERT_TRUE(std::holds_alternative<Removed>(ask(RemoveClient{client.hex(), true})));
  }
  std::string failure(const OperatorRequest& request) { return std::get<Failed>(ask(request)).why; }

  Core& core() { return *core_; }
  const MemoryStore& store() const { return *store_; }
  const Contribution& last() const { return last_; }
  const std::vector<protocol::Message>& answers() const { return answers_; }
  void wait(Instant time) { now_ += time; }

 private:
  Limits limits_;
  AdmissionRules rules_;
  Digest definition_;
  std::unique_ptr<MemoryStore> store_;
  std::unique_ptr<Core> core_;
  Instant now_{1000};
  std::map<ClientId, std::uint64_t> taught_;
  Contribution last_;
  std::vector<protocol::Message> answers_;
};

const ClientId kAnn = named("ann");
const ClientId kBob = named("bob");
const ClientId kCid = named("cid");

// Runs `teach(office, client)` for three clients, and without Bob: both come to the same once he is forgotten, also
// after a restart. `is_known_at_once`: what one client sends changes what is known by itself.
template <typename Teach>
void expect_forgotten(const Bytes& definition, Teach&& teach, bool is_known_at_once = true) {
  Office with(definition);
  Office without(definition);
  for (Office* office : {&with, &without})
    for (const auto& [client, name] : {std::pair{kAnn, "ann"}, {kBob, "bob"}, {kCid, "cid"}})
      office->come(client, name);
  for (const ClientId& client : {kAnn, kBob, kCid}) {
    teach(with, client);
    if (client != kBob) teach(without, client);
  }
  if (is_known_at_once) {
    EXPECT_NE(with.core().knowledge_digest(), without.core().knowledge_digest());
  }
  const Revision before = with.core().revision();
  with.forget(kBob);
  EXPECT_EQ(with.core().knowledge_digest(), without.core().knowledge_digest());
  EXPECT_GT(with.core().revision(), before);
  for (Office* office : {&with, &without}) office->restart();
  EXPECT_EQ(with.core().knowledge_digest(), without.core().knowledge_digest());
}

Bytes two_numbers(float x, std::uint64_t count = 3) {
  return encode(ClassState{count, {x, 0.5F}, {1, 2}});
}

const Bytes kEncoderOfTests{7};

TEST(Forget, ClassesAreAsIfTheClientHadNeverTaughtThem) {
  expect_forgotten(kEncoderOfTests, [](Office& office, const ClientId& client) {
    for (const char* subject : {"bag", "coat"})
      office.teach(client, "prototype", subject, two_numbers(client.bytes[0]));
    office.teach(client, "prototype", "bag", two_numbers(client.bytes[1]));
    office.teach(client, "prototype", client.hex(), two_numbers(3));
  });
}

TEST(Forget, TasksAreAsIfTheClientHadNeverTaughtThem) {
  const BaseNetwork base = small_base();
  expect_forgotten(base.encode(), [&](Office& office, const ClientId& client) {
    Random random(client.bytes[0], "tasks");
    for (const std::string& subject : {std::string("shared"), client.hex()})
      office.teach(client, std::string(kSupermaskKind), subject, random_record(random, base).encode());
  });
}

TEST(Forget, AnOpenRoundIsAsIfTheClientHadSentNothing) {
  const averaging::LearningTask task = averaging::small_task("fedavg");
  expect_forgotten(task.encode(), [&](Office& office, const ClientId& client) {
    if (client != kBob) return;
    Random random(1, "update");
    averaging::Update update = averaging::random_update(random, 0, 0, task.network, task.strategy);
    update.client = client;
    office.teach(client, std::string(averaging::kAveragingKind), averaging::subject_of_update(task.strategy, 0),
                 averaging::encode_update(update, averaging::Encoding::kFloat32));
  });
}

TEST(Forget, NetworksThatGrowAreAsIfTheClientHadSentNothing) {
  const growing::GrowingTask task = growing::test_growing_task(4);
  expect_forgotten(
      task.encode(),
      [&](Office& office, const ClientId& client) {
        office.teach(client, std::string(growing::kGrowingKind), std::string(growing::kSmallSubject),
                     growing::encode_mixture(growing::random_mixture(task.small, client.bytes[0])));
      },
      false);
}

TEST(Forget, ReplicasThatWereAwayHearOfIt) {
  Office office(kEncoderOfTests);
  office.come(kAnn, "ann");
  office.come(kBob, "bob");
  office.teach(kAnn, "prototype", "shared", two_numbers(1));
  office.teach(kBob, "prototype", "shared", two_numbers(2));
  office.teach(kBob, "prototype", "own", two_numbers(3));
  const Revision known = office.core().revision();
  office.forget(kBob);
  for (const bool restarted : {false, true}) {
    if (restarted) office.restart();
    if (restarted) office.come(kAnn, "ann");
    office.hear(kAnn, protocol::Want{known});
    const auto knowledge = std::get<protocol::Knowledge>(office.answers().at(0).body);
    ASSERT_EQ(knowledge.entries.size(), 2U) << restarted;
    EXPECT_EQ(knowledge.entries[0].topic.subject, "own");
    EXPECT_TRUE(knowledge.entries[0].payload.empty());
    EXPECT_EQ(decode_class_state(knowledge.entries[1].payload), decode_class_state(two_numbers(1)));
  }
}

TEST(Forget, LeavesNoPayloadBehind) {
  Limits limits;
  limits.inline_bytes = 64;  // what is longer lies in parts
  Office office(kEncoderOfTests, limits);
  office.come(kBob, "bob");
  for (const float x : {1.F, 2.F}) office.teach(kBob, "prototype", "bag", two_numbers(x));
  office.forget(kBob);
  std::size_t parts = 0;
  office.store().scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts; });
  EXPECT_EQ(parts, 0U);
  office.store().scan(Column::contributions, kBob.view(), [&](ByteView, ByteView value) {
    const Decision decision = decode_decision(value);
    EXPECT_TRUE(decision.taken_back);
    EXPECT_TRUE(decision.accepted->payload.empty());
  });
}

TEST(Forget, NumbersStayUsedUpAndTheClientMayTeachAnew) {
  Office office(kEncoderOfTests);
  office.come(kBob, "bob");
  office.teach(kBob, "prototype", "bag", two_numbers(1));
  const Contribution first = office.last();
  office.forget(kBob);
  office.restart();
  EXPECT_TRUE(office.core().status({}).clients.empty());
  office.come(kBob, "bob");
  EXPECT_EQ(std::get<protocol::Welcome>(office.answers().at(0).body).highest_decided, SequenceNumber{1});
  EXPECT_EQ(office.core().status({}).clients.size(), 1U);
  office.hear(kBob, protocol::Contribute{{first}});  // it missed the answer
  EXPECT_EQ(std::get<protocol::Accepted>(office.answers().at(0).body).contributions, std::vector<Digest>{first.id()});
  EXPECT_TRUE(office.core().status({}).topics.empty());
  office.teach(kBob, "prototype", "bag", two_numbers(2));
  office.restart();
  EXPECT_EQ(office.core().status({}).topics.size(), 1U);
}

// What two clients and the aggregator taught on a class, also what was replaced since; all else stays.
TEST(ForgetClass, IsAsIfNobodyHadEverTaughtIt) {
  for (const bool in_parts : {false, true}) {
    Limits limits;
    if (in_parts) limits.inline_bytes = 64;
    Office with(kEncoderOfTests, limits);
    Office without(kEncoderOfTests, limits);
    for (Office* office : {&with, &without})
      for (const auto& [client, name] : {std::pair{kAnn, "ann"}, {kBob, "bob"}}) office->come(client, name);
    for (const ClientId& client : {kAnn, kBob}) {
      with.teach(client, "prototype", "face", two_numbers(client.bytes[0]));
      with.teach(client, "prototype", "face", two_numbers(client.bytes[1]));
      for (Office* office : {&with, &without}) office->teach(client, "prototype", "bag", two_numbers(client.bytes[2]));
    }
    const Revision before = with.core().revision();
    EXPECT_EQ(std::get<Forgotten>(with.ask(ForgetClass{"face"})), (Forgotten{4, 2}));
    for (const bool restarted : {false, true}) {
      if (restarted) with.restart();
      EXPECT_EQ(with.core().knowledge_digest(), without.core().knowledge_digest());
      EXPECT_EQ(with.core().status({}).topics.size(), 1U);
      EXPECT_GT(with.core().revision(), before) << "replicas hear of it";
    }
    std::size_t parts = 0, parts_without = 0;
    with.store().scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts; });
    without.store().scan(Column::parts, {}, [&](ByteView, ByteView) { ++parts_without; });
    EXPECT_EQ(parts, parts_without);
    with.store().scan(Column::contributions, {}, [&](ByteView, ByteView value) {
      const Decision decision = decode_decision(value);
      if (decision.accepted->topic.subject == "face") {
        EXPECT_TRUE(decision.taken_back && decision.accepted->payload.empty());
      }
    });
  }
}

TEST(ForgetClass, MayBeTaughtAnewAndForgottenAgain) {
  Office office(kEncoderOfTests);
  office.come(kBob, "bob");
  office.teach(kBob, "prototype", "face", two_numbers(1));
  EXPECT_EQ(std::get<Forgotten>(office.ask(ForgetClass{"face"})), (Forgotten{1, 1}));
  EXPECT_THAT(office.failure(ForgetClass{"face"}), HasSubstr("nothing is known of 'face'"));
  office.teach(kBob, "prototype", "face", two_numbers(2));
  office.restart();
  EXPECT_EQ(office.core().status({}).topics.size(), 1U);
  EXPECT_EQ(std::get<Forgotten>(office.ask(ForgetClass{"face"})), (Forgotten{1, 1}));
  EXPECT_TRUE(office.core().status({}).topics.empty());
}

TEST(ForgetClass, IsRefusedWhereThereIsNone) {
  Office office(kEncoderOfTests);
  office.come(kBob, "bob");
  office.teach(kBob, "prototype", "bag", two_numbers(1));
  const Digest before = office.core().knowledge_digest();
  EXPECT_THAT(office.failure(ForgetClass{"bgа"}), HasSubstr("nothing is known of 'bgа'"));
  for (const char* name : {"", "@model"})
    EXPECT_THAT(office.failure(ForgetClass{name}), HasSubstr("no class can be called"));
  EXPECT_EQ(office.core().knowledge_digest(), before);
  EXPECT_TRUE(std::get<Forgettings>(office.ask(ListForgettings{})).all.empty());
}

// That it happened, and not what it was.
TEST(Forgettings, AreOnRecord) {
  Office office(kEncoderOfTests);
  for (const auto& [client, name] : {std::pair{kAnn, "ann"}, {kBob, "bob"}}) {
    office.come(client, name);
    for (const char* subject : {"bag", "coat"}) office.teach(client, "prototype", subject, two_numbers(1));
  }
  office.ask(ForgetClass{"bag"});
  office.forget(kBob);
  for (const bool restarted : {false, true}) {
    if (restarted) office.restart();
    const std::vector<Forgetting> expected{{0, "a class", 2}, {0, "a client", 1}};
    EXPECT_EQ(std::get<Forgettings>(office.ask(ListForgettings{})).all, expected);
  }
}

TEST(RemoveClient, TakesOneThatIsAwayOffTheListAndKeepsWhatItTaught) {
  Office office(kEncoderOfTests);
  office.come(kAnn, "ann");
  office.come(kBob, "bob");
  office.teach(kBob, "prototype", "bag", two_numbers(1));
  const Digest before = office.core().knowledge_digest();
  EXPECT_THAT(office.failure(RemoveClient{"bob", false}), HasSubstr("is connected"));
  for (const ClientId& client : {kAnn, kBob}) office.hear(client, protocol::Goodbye{});
  for (const char* who : {"ann", "bob"})
    EXPECT_TRUE(std::holds_alternative<Removed>(office.ask(RemoveClient{who, false}))) << who;
  for (const bool restarted : {false, true}) {
    if (restarted) office.restart();
    EXPECT_TRUE(office.core().status({}).clients.empty());
    EXPECT_TRUE(std::get<Clients>(office.ask(ListClients{})).accounts.empty());
    EXPECT_EQ(office.core().knowledge_digest(), before);
  }
  office.come(kBob, "bob");
  EXPECT_EQ(office.core().status({}).clients.size(), 1U);
}

TEST(ShowClient, TellsWhatItTaught) {
  Office office(kEncoderOfTests);
  office.come(kBob, "bob");
  office.teach(kBob, "prototype", "bag", two_numbers(1, 5));
  office.teach(kBob, "prototype", "coat", two_numbers(1, 4));
  office.teach(kBob, "prototype", "coat", {});
  for (const std::string& who : {std::string("bob"), kBob.hex(), kBob.hex().substr(0, 4)}) {
    const auto accounts = std::get<Clients>(office.ask(ShowClient{who})).accounts;
    ASSERT_EQ(accounts.size(), 1U);
    EXPECT_EQ(accounts[0].id, kBob);
    ASSERT_EQ(accounts[0].taught.size(), 1U);
    EXPECT_EQ(accounts[0].taught[0].topic.subject, "bag");
    EXPECT_EQ(accounts[0].taught[0].pictures, 5U);
  }
}

TEST(ClientCalled, MustBeOne) {
  Office office(kEncoderOfTests);
  office.come(kAnn, "twin");
  office.come(kBob, "twin");
  EXPECT_THAT(office.failure(ShowClient{"twin"}), HasSubstr("2 clients are meant by 'twin'"));
  EXPECT_THAT(office.failure(ShowClient{"nobody"}), HasSubstr("no client has the id or the name 'nobody'"));
  EXPECT_THAT(office.failure(RemoveClient{kAnn.hex().substr(0, 3), true}), HasSubstr("at least 4"));
  EXPECT_THAT(office.failure(RemoveClient{kSelf.hex(), true}), HasSubstr("no client"));
}

TEST(MergeBy, OtherRulesMeanThatAllClassesHaveChanged) {
  Office office(kEncoderOfTests);
  office.commit(office.core().merge_by_rules());
  EXPECT_EQ(office.core().revision(), Revision{1});  // that of the encoder
  office.come(kAnn, "ann");
  office.teach(kAnn, "prototype", "bag", two_numbers(1));
  const Revision known = office.core().revision();
  const auto changed = [&] {
    office.wait(Instant{10'000});  // a question of a moment ago is not answered twice
    office.hear(kAnn, protocol::Want{known});
    return std::get<protocol::Knowledge>(office.answers().at(0).body).entries.size();
  };
  EXPECT_EQ(changed(), 0U);
  office.commit(office.core().merge_by_rules());
  EXPECT_EQ(changed(), 0U);
  AdmissionRules others;
  others.open_base = !others.open_base;
  office.restart(others);
  office.commit(office.core().merge_by_rules());
  office.come(kAnn, "ann");
  EXPECT_EQ(changed(), 1U);
  office.restart(others);
  const Revision before = office.core().revision();
  office.commit(office.core().merge_by_rules());
  EXPECT_EQ(office.core().revision(), before);
  office.come(kAnn, "ann");
  EXPECT_EQ(changed(), 1U);
}

TEST(OperatorMessages, KeepTheirContent) {
  const Account account{kAnn, "ann", true, 17, 3, 1, {{{"prototype", Digest::of(bytes_of("x")), "bag"}, 9}}};
  for (const OperatorRequest& request : {OperatorRequest{ListClients{kBob}}, OperatorRequest{ShowClient{"ann"}},
                                         OperatorRequest{RemoveClient{"ab", true}}, OperatorRequest{ForgetClass{"bag"}},
                                         OperatorRequest{ListForgettings{}}})
    EXPECT_EQ(decode_request(encode(request)), request);
  for (const OperatorAnswer& answer :
       {OperatorAnswer{Failed{"why"}}, OperatorAnswer{Clients{{account}, true}}, OperatorAnswer{Removed{account}},
        OperatorAnswer{Forgotten{3, 2}}, OperatorAnswer{Forgettings{{{17, "a class", 3}}}}})
    EXPECT_EQ(decode_answer(encode(answer)), answer);
  EXPECT_THROW(decode_request({}), InputError);
  EXPECT_THROW(decode_answer(Bytes(8, 0xff)), InputError);
}

}  // namespace
}  // namespace outrider::aggregator
