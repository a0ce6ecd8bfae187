// Who teaches many classes alone is trusted less by others and not by itself, until they confirm its classes: through
// the cores, the wire and the replica.
#include <map>

#include <gtest/gtest.h>

#include "client/families/prototypical/predictor.h"
#include "learners/prototypical/caution.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "simulations/world/scripted_world.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kAlone = 2 * kTrustedAlone;

std::vector<std::unique_ptr<Family>> cautious_families(const ClientId& aggregator) {
  AdmissionRules rules = AdmissionRules::usual();
  rules.base_teacher = aggregator;
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<PrototypicalFamily>([](ByteView) { return std::size_t{2}; }, rules));
  return families;
}

class CautionInAWorld : public testing::Test {
 protected:
  CautionInAWorld()
      : world_([] {
          WorldOptions options = ScriptedWorld::options(1, 2, {}, cautious_families, encoder_);
          options.base = {{std::string(kPrototypeKind), "base", encode(ClassState{3, {3, 3}, {}})}};
          return options;
        }()) {
    for (const std::uint32_t client : {loud_, other_}) world_.join(client);
    EXPECT_TRUE(world_.settle(Instant{60'000}));
  }

  void teach(std::uint32_t client, std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      ClassMemory memory(2);
      memory.add(Digest::of(key_of(i)), std::vector<float>{0.1F * static_cast<float>(i), 1});
      world_.learn(client, {{std::string(kPrototypeKind), Digest::of(encoder_), "class " + std::to_string(i)},
                            encode(memory.state()),
                            memory.encode()});
    }
    ASSERT_TRUE(world_.settle(Instant{600'000}));
  }
  std::map<std::string, float> cautions(std::uint32_t client) const {
    std::map<std::string, float> found;
    for (const auto& [name, state] : client::known_classes(world_.client_store(client)))
      found.emplace(name, state.caution);
    return found;
  }

  static inline const Bytes encoder_{1, 2, 3};
  static constexpr std::uint32_t loud_ = 0;
  static constexpr std::uint32_t other_ = 1;
  ScriptedWorld world_;
};

TEST_F(CautionInAWorld, IsOfOthersAndEndsWhereTheyConfirm) {
  teach(loud_, 0, kAlone);
  auto seen = cautions(other_);
  EXPECT_EQ(seen.size(), kAlone + 1);
  for (const auto& [name, caution] : seen) EXPECT_EQ(caution, name == "base" ? 1 : 2) << name;
  for (const auto& [name, caution] : cautions(loud_)) EXPECT_EQ(caution, 1) << "it trusts itself with " << name;
  teach(other_, 0, kTrustedAlone);
  for (const auto& [name, caution] : cautions(other_)) EXPECT_EQ(caution, 1) << name;
}

TEST_F(CautionInAWorld, SurvivesARestartOfTheAggregator) {
  teach(loud_, 0, kAlone);
  const Digest knowledge = world_.aggregator().knowledge_digest();
  world_.crash_aggregator();
  EXPECT_EQ(world_.aggregator().knowledge_digest(), knowledge);
  EXPECT_EQ(cautions(other_).at("class 0"), 2);
}

}  // namespace
}  // namespace outrider::simulations
