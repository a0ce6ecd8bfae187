// What one client that lies can do to the classes of others, with the embeddings of a real encoder: the measures of
// docs/poison.md against none.
#include <optional>

#include <gtest/gtest.h>

#include "knowledge/temporary_directory.h"
#include "simulations/pretraining/measurement.h"
#include "simulations/virtual_fleet/poisoned_classes.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

using simulations::louder;
using simulations::PoisonedClasses;
using simulations::scaled;

constexpr std::size_t kTestPictures = 20;  // of each class
constexpr std::uint32_t kHonest = 3;       // clients
constexpr std::size_t kShown = 20;         // pictures of each class, to each of them
constexpr std::uint32_t kLiar = 100;
const std::string kVictim = "sneaker";

// The encoder of the other end-to-end tests, and what ten classes look like through it.
class Poison : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const TemporaryDirectory directory;
    pretrain_small_encoder(directory.path() / "encoder");
    Pretrained pretrained = load_pretrained(directory.path() / "encoder");
    Embedder embedder(Encoder::decode(pretrained.encoder), 1);
    simulations::EmbeddedClasses to_learn;
    simulations::EmbeddedClasses to_test;
    for (const std::string& name : fashion().classes) {
      to_test[name] = simulations::embed(fashion(), pictures_of(name, 0, kTestPictures), embedder);
      to_learn[name] = simulations::embed(fashion(), pictures_of(name, kTestPictures, kToLearn), embedder);
    }
    classes_.emplace(std::move(pretrained), std::move(to_learn), std::move(to_test));
  }

  ClassState state(const std::string& class_name, std::size_t first, std::size_t count) const {
    return classes_->state(class_name, first, count);
  }
  bool say(std::uint32_t client, const std::string& class_name, const ClassState& said) const {
    return classes_->say(client, class_name, said);
  }
  PoisonedClasses::Recall recall(bool cautious = true) const { return classes_->recall(cautious); }
  static AdmissionRules none() { return PoisonedClasses::no_rules(); }

  // What the aggregator and three honest clients teach, all ten classes.
  void begin(const AdmissionRules& rules) {
    classes_->begin(rules);
    for (std::uint32_t client = 0; client < kHonest; ++client)
      for (const std::string& name : fashion().classes)
        ASSERT_TRUE(say(client, name, state(name, client * kShown, kShown))) << name;
  }

  static constexpr std::size_t kToLearn = 900;
  static inline std::optional<PoisonedClasses> classes_;
};

TEST_F(Poison, HonestClassesOfAnySizeAreNeverRefused) {
  begin({});
  std::uint32_t client = 10;
  for (const std::string& name : fashion().classes)
    for (const std::size_t shown : {std::size_t{1}, std::size_t{5}, std::size_t{20}, std::size_t{900}})
      for (std::size_t skip = 0; skip + shown <= kToLearn && skip < 60; skip += shown)
        EXPECT_TRUE(say(client++ % 90, name, state(name, skip, shown))) << name << " " << shown;
}

TEST_F(Poison, WhatNoEncoderGivesIsRefused) {
  begin({});
  const ClassState honest = state(kVictim, 0, 10);
  EXPECT_FALSE(say(kLiar, kVictim, scaled(honest, -1)));
  EXPECT_FALSE(say(kLiar, kVictim, scaled(honest, 1e6F)));
  EXPECT_FALSE(say(kLiar, kVictim, louder(state("coat", 0, 20), 1'000'000'000)));
}

TEST_F(Poison, AClassAtAnothersPlaceKeepsMostOfItsPictures) {
  const auto attacked = [&](const AdmissionRules& rules) {
    begin(rules);
    const double before = recall().of[kVictim];
    EXPECT_TRUE(say(kLiar, kVictim, louder(state("coat", 0, 20), 10'000)));
    return std::pair(before, recall().of[kVictim]);
  };
  const auto [clean, with] = attacked({});
  const auto without = attacked(none()).second;
  RecordProperty("clean", std::to_string(clean));
  RecordProperty("with", std::to_string(with));
  RecordProperty("without", std::to_string(without));
  EXPECT_LE(without, 0.1);
  EXPECT_GE(with, clean - 0.25);
}

TEST_F(Poison, ClassesEachMovedOntoTheNextStayWhereTheyAre) {
  const auto attacked = [&](const AdmissionRules& rules) {
    begin(rules);
    const double before = recall().all;
    const auto& names = fashion().classes;
    for (std::size_t i = 0; i < names.size(); ++i)
      EXPECT_TRUE(say(kLiar, names[i], louder(state(names[(i + 1) % names.size()], 0, 20), 10'000)));
    return std::pair(before, recall().all);
  };
  const auto [clean, with] = attacked({});
  const auto without = attacked(none()).second;
  RecordProperty("clean", std::to_string(clean));
  RecordProperty("with", std::to_string(with));
  RecordProperty("without", std::to_string(without));
  EXPECT_LE(without, 0.2);
  EXPECT_GE(with, clean - 0.2);
}

TEST_F(Poison, InventedClassesAreBoundedInNumberAndTakeFewPictures) {
  const auto attacked = [&](std::size_t most_classes, bool cautious) {
    AdmissionRules rules;
    rules.most_classes = most_classes;
    begin(rules);
    std::size_t invented = 0;
    for (std::size_t i = 0; i < 500; ++i) {
      const std::string& near = fashion().classes[i % fashion().classes.size()];
      invented += say(kLiar, "invented " + std::to_string(i), state(near, 200 + i / 10, 1)) ? 1 : 0;
    }
    return std::pair(invented, recall(cautious).all);
  };
  begin({});
  const double clean = recall().all;
  const auto [some, with] = attacked(AdmissionRules::kMostClasses, true);
  const double rules_alone = attacked(AdmissionRules::kMostClasses, false).second;
  const auto [all, without] = attacked(SIZE_MAX, false);
  RecordProperty("clean", std::to_string(clean));
  RecordProperty("with", std::to_string(with));
  RecordProperty("rules alone", std::to_string(rules_alone));
  RecordProperty("without", std::to_string(without));
  EXPECT_EQ(some, AdmissionRules::kMostClasses);
  EXPECT_EQ(all, 500U);
  EXPECT_GE(with, without);
  EXPECT_LE(rules_alone, clean - 0.2);
  EXPECT_GE(with, clean - 0.05);
}

// As in a federated reconnaissance: each new class has one teacher, and none of them too many.
TEST_F(Poison, NewClassesOfHonestClientsCostNothing) {
  classes_->begin(AdmissionRules::usual());
  std::uint32_t client = 0;
  for (const std::string& name : fashion().classes) ASSERT_TRUE(say(client++ / 5, name, state(name, 0, kShown)));
  EXPECT_EQ(recall(true).of, recall(false).of);
}

}  // namespace
}  // namespace outrider::testing
