#include "learners/prototypical/label_review.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace outrider {
namespace {

constexpr int kMostRounds = 20;
constexpr std::size_t kNeighbours = 5;
constexpr std::size_t kOneIn = 5;  // pictures is suspected, at most
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Reviewer {
 public:
  Reviewer(std::span<const float> embeddings, std::span<const std::uint32_t> labels, std::size_t dimension,
           std::size_t classes)
      : values_(embeddings.begin(), embeddings.end()),
        labels_(labels),
        dimension_(dimension),
        classes_(classes),
        trusted_(labels.size(), true) {
    assert(values_.size() == labels.size() * dimension);
    whiten();
  }

  LabelReview review() {
    for (int round = 0; round < kMostRounds; ++round) {
      sum_up();
      std::vector<bool> trusted(labels_.size());
      for (std::size_t i = 0; i < labels_.size(); ++i) trusted[i] = nearest(i).first == labels_[i];
      if (trusted == trusted_) break;
      trusted_ = std::move(trusted);
    }
    return result();
  }

 private:
  std::span<const double> row(std::size_t picture) const {
    return std::span(values_).subspan(picture * dimension_, dimension_);
  }

  // Divides each dimension by its deviation within classes.
  void whiten() {
    sum_up();
    std::vector<double> variance(dimension_);
    for (std::size_t i = 0; i < labels_.size(); ++i)
      for (std::size_t j = 0; j < dimension_; ++j) {
        const double difference = row(i)[j] - sums_[labels_[i] * dimension_ + j] / counts_[labels_[i]];
        variance[j] += difference * difference;
      }
    const double mean = std::accumulate(variance.begin(), variance.end(), 0.0) / static_cast<double>(dimension_);
    if (mean <= 0) return;
    for (std::size_t i = 0; i < values_.size(); ++i)
      values_[i] /= std::sqrt((variance[i % dimension_] + mean) / (2 * mean));
  }

  void sum_up() {
    sums_.assign(classes_ * dimension_, 0);
    counts_.assign(classes_, 0);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (!trusted_[i]) continue;
      counts_[labels_[i]] += 1;
      for (std::size_t j = 0; j < dimension_; ++j) sums_[labels_[i] * dimension_ + j] += row(i)[j];
    }
  }

  // Squared; to the class without the picture.
  double distance_to_class(std::size_t picture, std::size_t label) const {
    const double inside = labels_[picture] == label && trusted_[picture] ? 1 : 0;
    const double count = counts_[label] - inside;
    if (count <= 0) return kInfinity;
    double sum = 0;
    for (std::size_t j = 0; j < dimension_; ++j) {
      const double value = row(picture)[j];
      const double difference = value - (sums_[label * dimension_ + j] - inside * value) / count;
      sum += difference * difference;
    }
    return sum;
  }

  // The nearest class, and how far it is. A picture without company is left alone.
  std::pair<std::uint32_t, double> nearest(std::size_t picture) const {
    std::pair<std::uint32_t, double> best{labels_[picture], distance_to_class(picture, labels_[picture])};
    if (best.second == kInfinity && trusted_[picture]) return best;
    for (std::uint32_t label = 0; label < classes_; ++label)
      if (const double distance = distance_to_class(picture, label); distance < best.second) best = {label, distance};
    return best;
  }

  bool neighbours_agree(std::size_t picture) const {
    std::vector<std::pair<double, std::size_t>> others;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (i == picture) continue;
      double sum = 0;
      for (std::size_t j = 0; j < dimension_; ++j) {
        const double difference = row(i)[j] - row(picture)[j];
        sum += difference * difference;
      }
      others.emplace_back(sum, i);
    }
    const std::size_t most = std::min(kNeighbours, others.size());
    std::ranges::partial_sort(others, others.begin() + static_cast<std::ptrdiff_t>(most));
    const auto alike = std::count_if(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(most),
                                     [&](const auto& other) { return labels_[other.second] == labels_[picture]; });
    return 2 * static_cast<std::size_t>(alike) >= most;
  }

  LabelReview result() const {
    LabelReview review;
    std::vector<std::uint32_t> nearest_class;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const auto [label, distance] = nearest(i);
      nearest_class.push_back(label);
      const double own = distance_to_class(i, labels_[i]);
      if (label != labels_[i] && !neighbours_agree(i))
        review.suspicions.push_back({i, label, own == kInfinity || own <= 0 ? 1.0 : 1 - distance / own});
    }
    std::ranges::stable_sort(review.suspicions, std::greater<>(), &LabelReview::Suspicion::doubt);
    const std::size_t most = (labels_.size() + kOneIn - 1) / kOneIn;
    if (review.suspicions.size() > most) {
      review.less_certain = review.suspicions.size() - most;
      review.suspicions.resize(most);
    }
    review.recall = recall_without(review.suspicions, nearest_class);
    return review;
  }

  std::vector<std::optional<double>> recall_without(const std::vector<LabelReview::Suspicion>& suspicions,
                                                    const std::vector<std::uint32_t>& nearest_class) const {
    std::vector<bool> counts(labels_.size(), true);
    for (const LabelReview::Suspicion& one : suspicions) counts[one.picture] = false;
    std::vector<double> right(classes_), all(classes_);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (!counts[i]) continue;
      all[labels_[i]] += 1;
      right[labels_[i]] += nearest_class[i] == labels_[i] ? 1 : 0;
    }
    std::vector<std::optional<double>> recall;
    for (std::size_t k = 0; k < classes_; ++k)
      recall.push_back(all[k] > 0 ? std::optional(right[k] / all[k]) : std::nullopt);
    return recall;
  }

  std::vector<double> values_;
  std::span<const std::uint32_t> labels_;
  std::size_t dimension_;
  std::size_t classes_;
  std::vector<bool> trusted_;
  std::vector<double> sums_;    // of the trusted pictures of each class
  std::vector<double> counts_;  // likewise
};

}  // namespace

LabelReview review_labels(std::span<const float> embeddings, std::span<const std::uint32_t> labels,
                          std::size_t dimension, std::size_t classes) {
  return Reviewer(embeddings, labels, dimension, classes).review();
}

}  // namespace outrider
