#include "learners/prototypical/label_review.h"

#include <set>

#include <gtest/gtest.h>

#include "learners/random.h"

namespace outrider {
namespace {

constexpr std::size_t kReviewedDimension = 16;

struct Labelled {
  std::vector<float> embeddings;
  std::vector<std::uint32_t> labels;
  std::set<std::size_t> wrong;
};

// Clouds around `classes` random centres; of every `each` the first picture has the next class's label.
Labelled labelled(std::uint64_t seed, std::uint32_t classes, std::size_t pictures, std::size_t each) {
  Labelled made;
  Random random(seed, "label review");
  std::vector<float> centres(classes * kReviewedDimension);
  for (float& x : centres) x = 2 * random.normal();
  for (std::uint32_t k = 0; k < classes; ++k)
    for (std::size_t i = 0; i < pictures; ++i) {
      if (i % each == 0) made.wrong.insert(made.labels.size());
      made.labels.push_back(i % each == 0 ? (k + 1) % classes : k);
      for (std::size_t j = 0; j < kReviewedDimension; ++j)
        made.embeddings.push_back(centres[k * kReviewedDimension + j] + random.normal());
    }
  return made;
}

TEST(LabelReview, FindsWhatLiesUnderAWrongName) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Labelled data = labelled(seed, 5, 14, 7);
    const LabelReview review = review_labels(data.embeddings, data.labels, kReviewedDimension, 5);
    std::set<std::size_t> found;
    for (const auto& one : review.suspicions) found.insert(one.picture);
    EXPECT_EQ(found, data.wrong) << "seed " << seed;
    for (const auto& recall : review.recall) EXPECT_EQ(recall, 1.0);
  }
}

TEST(LabelReview, SuspectsNothingWhereAllIsRight) {
  const Labelled data = labelled(3, 4, 12, 1000);
  Labelled right = data;
  for (const std::size_t i : data.wrong) right.labels[i] = (right.labels[i] + 3) % 4;
  EXPECT_TRUE(review_labels(right.embeddings, right.labels, kReviewedDimension, 4).suspicions.empty());
}

// Three classes at one place: nearly every picture may as well be of another class.
TEST(LabelReview, NamesTheMostCertainFifthWhereClassesCannotBeToldApart) {
  Random random(8, "label review");
  std::vector<float> embeddings;
  std::vector<std::uint32_t> labels;
  for (std::uint32_t i = 0; i < 62; ++i) {
    labels.push_back(i % 3);
    for (std::size_t j = 0; j < kReviewedDimension; ++j) embeddings.push_back(random.normal());
  }
  const LabelReview review = review_labels(embeddings, labels, kReviewedDimension, 3);
  EXPECT_EQ(review.suspicions.size(), 13U);
  EXPECT_GT(review.less_certain, 5U);
  for (std::size_t i = 1; i < review.suspicions.size(); ++i)
    EXPECT_GE(review.suspicions[i - 1].doubt, review.suspicions[i].doubt);
  double worst = 1;
  for (const auto& recall : review.recall) worst = std::min(worst, recall.value());
  EXPECT_LT(worst, 0.7);
}

TEST(LabelReview, JudgesNoPictureWithoutCompany) {
  const std::vector<float> embeddings(3 * kReviewedDimension, 1.0F);
  const std::vector<std::uint32_t> labels{0, 1, 2};
  const LabelReview review = review_labels(embeddings, labels, kReviewedDimension, 3);
  EXPECT_TRUE(review.suspicions.empty());
}

TEST(LabelReview, OfNoPicturesIsEmpty) {
  const LabelReview review = review_labels({}, {}, kReviewedDimension, 2);
  EXPECT_TRUE(review.suspicions.empty());
  EXPECT_EQ(review.recall.size(), 2U);
}

}  // namespace
}  // namespace outrider
