#include "learners/prototypical/classifier.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/random.h"

namespace outrider {
namespace {

using Classes = std::vector<std::pair<std::string, ClassState>>;

ClassState at(std::vector<float> prototype) {
  return {1, std::move(prototype), {}};
}

Classes random_classes(std::size_t count, std::size_t dimension, std::uint64_t seed) {
  Random random(seed, "test");
  Classes classes;
  for (std::size_t k = 0; k < count; ++k) {
    ClassStateBuilder builder(dimension);
    std::vector<float> embeddings(dimension * 6);
    for (float& value : embeddings) value = random.normal() + static_cast<float>(k % 3);
    builder.add(embeddings);
    classes.emplace_back("class " + std::to_string(k), builder.state());
  }
  return classes;
}

std::vector<float> random_queries(std::size_t size, std::uint64_t seed) {
  Random random(seed, "queries");
  std::vector<float> values(size);
  for (float& value : values) value = 2 * random.normal();
  return values;
}

TEST(PrototypeClassifier, FindsTheNearestAndTheRunnerUp) {
  const PrototypeClassifier classifier({{"sandal", at({0, 0})}, {"boot", at({3, 0})}, {"bag", at({0, 10})}});
  EXPECT_EQ(classifier.classes(), (std::vector<std::string>{"bag", "boot", "sandal"}));
  const std::vector<float> embedding{1, 0};
  const Prediction expected{2, 1, 1, 4};
  EXPECT_EQ(classifier.predict_one(embedding), expected);
  EXPECT_EQ(classifier.distances(embedding), (std::vector<float>{101, 4, 1}));
}

TEST(PrototypeClassifier, UsesTheMeanOfTheState) {
  const PrototypeClassifier classifier({{"a", {4, {8}, {}}}, {"b", {1, {8}, {}}}});
  EXPECT_EQ(classifier.distances(std::vector<float>{2}), (std::vector<float>{0, 36}));
}

TEST(PrototypeClassifier, TiesGoToTheFirstName) {
  const std::vector<float> middle{0};
  for (const Head head : {Head::euclidean, Head::cosine}) {
    const PrototypeClassifier forwards({{"a", at({1})}, {"b", at({-1})}, {"c", at({1})}}, head);
    const PrototypeClassifier backwards({{"c", at({1})}, {"b", at({-1})}, {"a", at({1})}}, head);
    for (const auto* classifier : {&forwards, &backwards}) {
      EXPECT_EQ(classifier->predict_one(middle).nearest, 0u);
      EXPECT_EQ(classifier->predict_one(middle).runner_up, 1u);
      EXPECT_EQ(classifier->predict_one(std::vector<float>{1}).runner_up, 2u);
    }
  }
}

TEST(PrototypeClassifier, SingleClassHasNoOtherRunnerUp) {
  const PrototypeClassifier classifier({{"only", at({1, 1})}});
  const Prediction prediction = classifier.predict_one(std::vector<float>{0, 0});
  EXPECT_EQ(prediction.nearest, 0u);
  EXPECT_EQ(prediction.distance, 2);
  EXPECT_TRUE(std::isinf(prediction.runner_up_distance));
}

TEST(PrototypeClassifier, CosineLooksAtTheDirectionOnly) {
  const PrototypeClassifier classifier({{"east", at({1, 0})}, {"north", at({0, 100})}, {"zero", at({0, 0})}},
                                       Head::cosine);
  const auto distances = classifier.distances(std::vector<float>{5, 5});
  EXPECT_NEAR(distances[0], 1 - std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(distances[1], 1 - std::sqrt(0.5), 1e-6);
  EXPECT_EQ(distances[2], 1);
  EXPECT_NEAR(classifier.distances(std::vector<float>{-2, 0})[0], 2, 1e-6);
  EXPECT_EQ(classifier.distances(std::vector<float>{0, 0}), (std::vector<float>{1, 1, 1}));
}

TEST(PrototypeClassifier, MahalanobisEqualsItsDefinition) {
  const Classes classes{{"a", {4, {4, 8}, {3, 0}}}, {"b", {2, {6, 0}, {1, 2}}}};
  const PrototypeClassifier classifier(classes, Head::mahalanobis);
  const double pooled[] = {4.0 / 4, 2.0 / 4};  // 4 degrees of freedom
  const double floor = 1e-3 * 0.75;
  const double a = (2 - 1.0) * (2 - 1.0) / ((3 + 10 * pooled[0]) / 14 + floor) +
                   (3 - 2.0) * (3 - 2.0) / ((0 + 10 * pooled[1]) / 14 + floor);
  const double b = (2 - 3.0) * (2 - 3.0) / ((1 + 10 * pooled[0]) / 12 + floor) +
                   (3 - 0.0) * (3 - 0.0) / ((2 + 10 * pooled[1]) / 12 + floor);
  const auto distances = classifier.distances(std::vector<float>{2, 3});
  EXPECT_NEAR(distances[0], a, 1e-5);
  EXPECT_NEAR(distances[1], b, 1e-5);
}

TEST(PrototypeClassifier, MahalanobisWithoutAnySpreadIsEuclidean) {
  const Classes classes{{"a", {1, {1, 2}, {0, 0}}}, {"b", {1, {3, -1}, {0, 0}}}};
  const std::vector<float> embedding{0.3f, 0.7f};
  EXPECT_EQ(PrototypeClassifier(classes, Head::mahalanobis).distances(embedding),
            PrototypeClassifier(classes, Head::euclidean).distances(embedding));
}

TEST(PrototypeClassifier, MahalanobisKeepsApartWhatEuclideanConfuses) {
  // Both classes spread along the first dimension; the second tells them apart.
  Random random(1, "test");
  auto draw = [&](float second) { return std::vector<float>{10 * random.normal(), second + 0.1f * random.normal()}; };
  ClassStateBuilder low(2), high(2);
  for (int i = 0; i < 20; ++i) {
    low.add(draw(0));
    high.add(draw(1));
  }
  const Classes classes{{"low", low.state()}, {"high", high.state()}};
  const PrototypeClassifier euclidean(classes), mahalanobis(classes, Head::mahalanobis);
  int right_euclidean = 0, right_mahalanobis = 0;
  for (int i = 0; i < 200; ++i) {
    const auto query = draw(static_cast<float>(i % 2));
    const auto label = i % 2 == 0 ? "low" : "high";
    right_euclidean += euclidean.classes()[euclidean.predict_one(query).nearest] == label;
    right_mahalanobis += mahalanobis.classes()[mahalanobis.predict_one(query).nearest] == label;
  }
  EXPECT_GT(right_mahalanobis, 195);
  EXPECT_LT(right_euclidean, 170);
}

TEST(PrototypeClassifier, AgreesWithDoublePrecision) {
  const std::size_t dimension = 37;
  const Classes classes = random_classes(75, dimension, 2);
  const PrototypeClassifier classifier(classes);
  const auto embedding = random_queries(dimension, 2);
  const auto distances = classifier.distances(embedding);
  for (const auto& [name, state] : classes) {
    double exact = 0;
    const auto prototype = state.prototype();
    for (std::size_t j = 0; j < dimension; ++j) {
      const double difference = static_cast<double>(embedding[j]) - static_cast<double>(prototype[j]);
      exact += difference * difference;
    }
    const auto at = std::lower_bound(classifier.classes().begin(), classifier.classes().end(), name);
    EXPECT_NEAR(distances[static_cast<std::size_t>(at - classifier.classes().begin())], exact, 1e-4 * exact);
  }
}

TEST(PrototypeClassifier, DependsNeitherOnTheBatchNorOnTheOtherClassesOrder) {
  const std::size_t dimension = 19;
  Classes classes = random_classes(70, dimension, 3);
  const auto embeddings = random_queries(dimension * 33, 3);
  for (const Head head : {Head::euclidean, Head::cosine, Head::mahalanobis}) {
    const PrototypeClassifier classifier(classes, head);
    const auto batch = classifier.predict(embeddings);
    std::reverse(classes.begin(), classes.end());
    const PrototypeClassifier reversed(classes, head);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto embedding = std::span(embeddings).subspan(i * dimension, dimension);
      ASSERT_EQ(classifier.predict_one(embedding), batch[i]);
      ASSERT_EQ(reversed.predict_one(embedding), batch[i]);
      const auto distances = classifier.distances(embedding);
      ASSERT_EQ(*std::min_element(distances.begin(), distances.end()), batch[i].distance);
      ASSERT_EQ(distances[batch[i].nearest], batch[i].distance);
      ASSERT_EQ(distances[batch[i].runner_up], batch[i].runner_up_distance);
    }
  }
  EXPECT_TRUE(PrototypeClassifier(classes).predict({}).empty());
}

TEST(PrototypeClassifier, NotANumberIsNearToNothing) {
  const PrototypeClassifier classifier({{"a", at({1})}, {"b", at({2})}});
  EXPECT_TRUE(std::isinf(classifier.predict_one(std::vector<float>{std::nanf("")}).distance));
}

TEST(PrototypeClassifier, RefusesClassesThatDoNotFit) {
  EXPECT_THROW(PrototypeClassifier({}), InputError);
  EXPECT_THROW(PrototypeClassifier({{"a", at({1})}, {"a", at({2})}}), InputError);
  EXPECT_THROW(PrototypeClassifier({{"a", at({1})}, {"b", at({1, 2})}}), InputError);
  EXPECT_THROW(PrototypeClassifier({{"a", {0, {1}, {}}}}), InputError);
  EXPECT_THROW(PrototypeClassifier({{"a", at({1})}}, Head::mahalanobis), InputError);
}

}  // namespace
}  // namespace outrider
