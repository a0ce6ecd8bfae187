// What one client that lies can do to the classes of others, with the embeddings of a real encoder: the measures of
// docs/poison.md against none.
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "knowledge/temporary_directory.h"
#include "learners/encoders/embedder.h"
#include "learners/encoders/encoder.h"
#include "learners/prototypical/classifier.h"
#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/measurement.h"
#include "tests/fashion.h"

namespace outrider::testing {
namespace {

constexpr std::size_t kTestPictures = 20;  // of each class
constexpr std::size_t kHonest = 3;         // clients
constexpr std::size_t kShown = 20;         // pictures of each class, to each of them
const std::string kVictim = "sneaker";

ClientId numbered(unsigned index) {
  ClientId id;
  id.bytes[0] = static_cast<std::uint8_t>(index);
  return id;
}
const ClientId kOwner = numbered(200);
const ClientId kLiar = numbered(100);

// The encoder of the other end-to-end tests, and what ten classes look like through it.
class Poison : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const TemporaryDirectory directory;
    pretrain_small_encoder(directory.path() / "encoder");
    pretrained_ = load_pretrained(directory.path() / "encoder");
  }

  Poison() : embedder_(Encoder::decode(pretrained_->encoder), 1) {}

  std::vector<float> embedded(const std::string& class_name, std::size_t skip, std::size_t count) {
    return simulations::embed(fashion(), pictures_of(class_name, skip, count), embedder_);
  }
  ClassState state(const std::string& class_name, std::size_t skip, std::size_t count) {
    ClassStateBuilder builder(embedder_.dimension());
    builder.add(embedded(class_name, skip, count));
    return builder.state();
  }
  // Says it to the merge unless it objects; returns whether it did.
  bool say(const ClientId& client, const std::string& class_name, const ClassState& said) {
    Contribution contribution{client, SequenceNumber{1}, {}, {std::string(kPrototypeKind), space_, class_name}, {}};
    contribution.payload = encode(said);
    if (merge_->objection(contribution)) return false;
    merge_->put(contribution);
    return true;
  }
  // What the aggregator and three honest clients teach, all ten classes.
  void begin(AdmissionRules rules) {
    rules.base_teacher = kOwner;
    merge_ = PrototypicalFamily(
                 [](ByteView definition) {
                   const Encoder encoder = Encoder::decode(definition);
                   EmbeddingSpace space(encoder.dimension());
                   space.largest_norm = static_cast<double>(encoder.largest_norm);
                   space.never_negative = encoder.never_negative();
                   return space;
                 },
                 rules)
                 .make_merge();
    ASSERT_EQ(merge_->open_space(space_, pretrained_->encoder), std::nullopt);
    for (const auto& [name, base] : pretrained_->classes) ASSERT_TRUE(say(kOwner, name, base));
    for (unsigned client = 0; client < kHonest; ++client)
      for (const std::string& name : fashion().classes)
        ASSERT_TRUE(say(numbered(client), name, state(name, kTestPictures + client * kShown, kShown))) << name;
  }
  struct Recall {
    double all = 0;
    std::map<std::string, double> of;
  };
  Recall recall(const std::vector<std::string>& more_classes = {}) {
    std::vector<std::string> names = fashion().classes;
    names.insert(names.end(), more_classes.begin(), more_classes.end());
    std::vector<std::pair<std::string, ClassState>> classes;
    for (const std::string& name : names) {
      const Bytes merged = merge_->merged({std::string(kPrototypeKind), space_, name});
      if (!merged.empty()) classes.emplace_back(name, decode_class_state(merged, kMergedLimits));
    }
    const PrototypeClassifier classifier(std::move(classes));
    Recall recall;
    for (const std::string& name : fashion().classes) {
      for (const Prediction& prediction : classifier.predict(embedded(name, 0, kTestPictures)))
        if (classifier.classes()[prediction.nearest] == name) recall.of[name] += 1.0 / kTestPictures;
      recall.all += recall.of[name] / static_cast<double>(fashion().classes.size());
    }
    return recall;
  }
  static AdmissionRules none() {
    AdmissionRules rules;
    rules.most_pictures = kContributedLimits.count;
    rules.most_of_next = UINT64_MAX;
    rules.open_base = true;
    return rules;
  }
  // A class as it is, said to be of more pictures.
  static ClassState louder(ClassState state, std::uint64_t count) {
    const double factor = static_cast<double>(count) / static_cast<double>(state.count);
    for (float& value : state.sum) value = static_cast<float>(static_cast<double>(value) * factor);
    for (float& value : state.deviations) value = static_cast<float>(static_cast<double>(value) * factor);
    state.count = count;
    return state;
  }
  static ClassState scaled(ClassState state, float factor) {
    for (float& value : state.sum) value *= factor;
    state.deviations.clear();
    return state;
  }

  static inline std::optional<Pretrained> pretrained_;
  Embedder embedder_;
  const Digest space_ = Digest::of(bytes_of("space"));
  std::unique_ptr<Merge> merge_;
};

TEST_F(Poison, HonestClassesOfAnySizeAreNeverRefused) {
  begin({});
  unsigned client = 10;
  for (const std::string& name : fashion().classes)
    for (const std::size_t shown : {std::size_t{1}, std::size_t{5}, std::size_t{20}, std::size_t{900}})
      for (std::size_t skip = 0; skip + shown <= 900 && skip < 60; skip += shown)
        EXPECT_TRUE(say(numbered(client++ % 90), name, state(name, skip, shown))) << name << " " << shown;
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

TEST_F(Poison, InventedClassesAreBoundedInNumber) {
  const auto attacked = [&](std::size_t most_classes) {
    AdmissionRules rules;
    rules.most_classes = most_classes;
    begin(rules);
    std::vector<std::string> invented;
    for (std::size_t i = 0; i < 500; ++i) {
      const std::string& near = fashion().classes[i % fashion().classes.size()];
      const std::string name = "invented " + std::to_string(i);
      if (say(kLiar, name, state(near, 200 + i / 10, 1))) invented.push_back(name);
    }
    return std::pair(invented.size(), recall(invented).all);
  };
  const auto [some, with] = attacked(AdmissionRules::kMostClasses);
  const auto [all, without] = attacked(SIZE_MAX);
  RecordProperty("with", std::to_string(with));
  RecordProperty("without", std::to_string(without));
  EXPECT_EQ(some, AdmissionRules::kMostClasses);
  EXPECT_EQ(all, 500U);
  EXPECT_GE(with, without);
}

}  // namespace
}  // namespace outrider::testing
