#include "learners/prototypical/caution.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "learners/prototypical/classifier.h"

namespace outrider {
namespace {

using Classes = std::vector<std::pair<std::string, ClassState>>;

void add(Classes& classes, std::size_t count, std::uint64_t teacher) {
  for (std::size_t i = 0; i < count; ++i)
    classes.emplace_back("class " + std::to_string(classes.size()), ClassState{1, {1, 1}, {}, teacher});
}

// Of the classes of one teacher, which is one for all of them.
float caution_of(const Classes& classes, std::uint64_t teacher) {
  std::vector<float> found;
  for (const auto& [name, state] : classes)
    if (state.sole_teacher == teacher) found.push_back(state.caution);
  EXPECT_FALSE(found.empty());
  for (const float caution : found) EXPECT_EQ(caution, found.front());
  return found.front();
}

TEST(Caution, IsForWhoAloneTeachesManyMoreClassesThanAnybodyElse) {
  Classes classes;
  add(classes, 5, 0);
  add(classes, kTrustedAlone, 1);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 1), 1);
  add(classes, kTrustedAlone / 2, 1);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 1), 1.5F);
  EXPECT_EQ(caution_of(classes, 0), 1) << "several teach these, or the aggregator";
  add(classes, 200, 1);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 1), kMostCaution);
}

TEST(Caution, IsNotForWhoHasTwiceAsManyAsAllOthersKnow) {
  Classes classes;
  add(classes, 60, 0);
  add(classes, 120, 1);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 1), 1);
  add(classes, 120, 1);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 1), 2);
}

TEST(Caution, IsNotForClientsThatAllMeetManyNewClasses) {
  Classes classes;
  for (std::uint64_t client = 1; client <= 5; ++client) add(classes, 120, client);
  add(classes, 120, 1);
  set_caution(classes);
  for (std::uint64_t client = 1; client <= 5; ++client) EXPECT_EQ(caution_of(classes, client), 1) << client;
  add(classes, 1200, 1);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 1), 1.5F) << "three times as many as all others";
  EXPECT_EQ(caution_of(classes, 2), 1);
}

TEST(Caution, IsWithdrawnWhereOthersConfirm) {
  Classes classes;
  add(classes, 40, 7);
  set_caution(classes);
  EXPECT_EQ(caution_of(classes, 7), 2.5F);
  for (std::size_t i = 0; i < 25; ++i) classes[i].second.sole_teacher = 0;
  set_caution(classes);
  for (const auto& [name, state] : classes) EXPECT_EQ(state.caution, 1) << name;
}

TEST(Caution, DependsOnTheSetOfClassesAlone) {
  Classes classes;
  add(classes, 40, 9);
  add(classes, 12, 4);
  add(classes, 3, 5);
  Classes turned(classes.rbegin(), classes.rend());
  set_caution(classes);
  set_caution(turned);
  for (std::size_t i = 0; i < classes.size(); ++i)
    EXPECT_EQ(classes[i].second.caution, turned[classes.size() - 1 - i].second.caution) << i;
  EXPECT_GT(caution_of(classes, 9), 1);
}

TEST(Caution, LeavesPicturesToOthersThatAreAlmostAsNear) {
  Classes classes{{"coat", ClassState{1, {0, 0}, {}}}};
  for (std::size_t i = 0; i < 40; ++i)
    classes.emplace_back("invented " + std::to_string(i), ClassState{1, {1, static_cast<float>(i)}, {}, 3});
  set_caution(classes);
  const PrototypeClassifier classifier(classes);
  const auto named = [&](float x, float y) {
    const std::vector<float> picture{x, y};
    const Prediction prediction = classifier.predict_one(picture);
    EXPECT_EQ(classifier.distances(picture)[prediction.nearest], prediction.distance);
    return classifier.classes()[prediction.nearest];
  };
  EXPECT_EQ(named(0.55F, 0), "coat") << "the invented one is a little nearer";
  EXPECT_EQ(named(0.9F, 0), "invented 0");
  EXPECT_EQ(named(1, 20), "invented 20") << "among its own they are told apart as before";
}

}  // namespace
}  // namespace outrider
