// What `predict` and `evaluate --own` can tell, over many draws: how often a picture of a class that nobody taught,
// noise, and a picture of a known class is said to be unlike any class; and how many of twelve pictures under a wrong
// name are found among eighty.
//   evaluation_study ENCODER KIND [PATH]     ENCODER as `outrider pretrain` writes it, KIND and PATH as it reads them;
//   prints JSON
#include <algorithm>
#include <exception>
#include <iostream>
#include <numeric>
#include <set>

#include <nlohmann/json.hpp>

#include "learners/data/open.h"
#include "learners/data/resize.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/label_review.h"
#include "learners/prototypical/novelty.h"
#include "learners/prototypical/pretrained.h"
#include "learners/random.h"

namespace outrider {
namespace {

using Embedding = std::vector<float>;
using ByClass = std::vector<std::vector<Embedding>>;
constexpr std::size_t kDraws = 100;

// At most `most` of each class, in the order of the data set.
ByClass embeddings_of(const Dataset& data, std::size_t most, Embedder& embedder) {
  ByClass result(data.classes.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::vector<Embedding>& found = result[data.labels[i]];
    if (found.size() == most) continue;
    const auto pixels = data.image(i);
    const Image image = resize(Image{data.shape, {pixels.begin(), pixels.end()}}, embedder.input());
    embedder.embed(image.pixels, found.emplace_back(embedder.dimension()));
  }
  return result;
}

std::vector<Embedding> noise(std::size_t count, Embedder& embedder) {
  Random random(1, "noise");
  std::vector<Embedding> result(count, Embedding(embedder.dimension()));
  std::vector<std::uint8_t> pixels(embedder.input().size());
  for (Embedding& embedding : result) {
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
    embedder.embed(pixels, embedding);
  }
  return result;
}

std::vector<std::size_t> shuffled(std::size_t count, Random& random) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));
  return order;
}

// The chance that one of `strange` is stranger than one of `known`.
double area_under_curve(const std::vector<double>& known, const std::vector<double>& strange) {
  std::vector<double> sorted = known;
  std::ranges::sort(sorted);
  double below = 0;
  for (const double value : strange) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    below += static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
  }
  return below / (static_cast<double>(known.size()) * static_cast<double>(strange.size()));
}

double share_above_one(const std::vector<double>& values) {
  return static_cast<double>(std::ranges::count_if(values, [](double value) { return value > 1; })) /
         static_cast<double>(values.size());
}

nlohmann::json summary(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double share) { return values[static_cast<std::size_t>(share * double(values.size() - 1))]; };
  return {{"mean", std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size())},
          {"p5", at(0.05)},
          {"p95", at(0.95)}};
}

// Four fifths of the classes are taught with so many pictures each.
nlohmann::json novelty(const ByClass& train, const ByClass& test, const std::vector<Embedding>& noises,
                       std::size_t shots) {
  std::vector<double> alarms, untaught, noise_found, curve, noise_curve;
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    Random random(draw, "novelty study");
    const std::vector<std::size_t> order = shuffled(train.size(), random);
    const std::size_t taught = train.size() * 4 / 5;
    Novelty::Classes classes;
    for (std::size_t k = 0; k < taught; ++k) {
      const std::vector<Embedding>& pictures = train[order[k]];
      ClassStateBuilder builder(pictures.front().size());
      for (const std::size_t i : shuffled(pictures.size(), random))
        if (builder.count() < shots) builder.add(pictures[i]);
      classes.emplace_back(std::to_string(k), builder.state());
    }
    const Novelty judge(classes, {});
    std::vector<double> known, strange, noisy;
    for (std::size_t k = 0; k < order.size(); ++k)
      for (const Embedding& embedding : test[order[k]])
        (k < taught ? known : strange).push_back(judge.strangeness(embedding).value());
    for (const Embedding& embedding : noises) noisy.push_back(judge.strangeness(embedding).value());
    alarms.push_back(share_above_one(known));
    untaught.push_back(share_above_one(strange));
    noise_found.push_back(share_above_one(noisy));
    curve.push_back(area_under_curve(known, strange));
    noise_curve.push_back(area_under_curve(known, noisy));
  }
  return {{"pictures_per_class", shots},         {"false_alarms", summary(alarms)},
          {"untaught_found", summary(untaught)}, {"noise_found", summary(noise_found)},
          {"auroc_untaught", summary(curve)},    {"auroc_noise", summary(noise_curve)}};
}

nlohmann::json mislabelled(const ByClass& train, std::size_t classes) {
  constexpr std::size_t kPictures = 80, kWrong = 12;
  std::vector<double> found, false_ones;
  std::size_t good = 0;
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    Random random(draw, "label study");
    const std::vector<std::size_t> order = shuffled(train.size(), random);
    std::vector<float> embeddings;
    std::vector<std::uint32_t> labels;
    for (std::size_t k = 0; k < classes; ++k) {
      const std::vector<Embedding>& pictures = train[order[k]];
      const std::vector<std::size_t> drawn = shuffled(pictures.size(), random);
      for (std::size_t i = 0; i < kPictures / classes; ++i) {
        embeddings.insert(embeddings.end(), pictures[drawn[i]].begin(), pictures[drawn[i]].end());
        labels.push_back(static_cast<std::uint32_t>(k));
      }
    }
    std::vector<std::size_t> wrong = shuffled(labels.size(), random);
    wrong.resize(kWrong);
    for (const std::size_t i : wrong)
      labels[i] =
          static_cast<std::uint32_t>((labels[i] + 1 + random.below(static_cast<std::uint32_t>(classes - 1))) % classes);
    const std::set<std::size_t> planted(wrong.begin(), wrong.end());
    const LabelReview review = review_labels(embeddings, labels, train.front().front().size(), classes);
    const auto hits =
        std::ranges::count_if(review.suspicions, [&](const auto& one) { return planted.contains(one.picture); });
    found.push_back(static_cast<double>(hits));
    false_ones.push_back(static_cast<double>(review.suspicions.size()) - static_cast<double>(hits));
    good += hits >= 9 && false_ones.back() <= 9 ? 1 : 0;
  }
  return {{"classes", classes},
          {"found_of_12", summary(found)},
          {"false", summary(false_ones)},
          {"draws_with_9_found_and_at_most_9_false", good},
          {"draws", kDraws}};
}

void run(const std::string& encoder, const std::string& kind, const std::string& path) {
  Embedder embedder(Encoder::decode(load_pretrained(encoder).encoder), 1);
  const DatasetPair data = open_dataset(kind, path);
  const ByClass train = embeddings_of(data.train, 300, embedder), test = embeddings_of(data.test, 150, embedder);
  const std::vector<Embedding> noises = noise(300, embedder);
  nlohmann::json result{{"encoder", encoder}, {"data", kind}};
  for (const std::size_t shots : {2U, 5U, 20U, 300U}) result["novelty"].push_back(novelty(train, test, noises, shots));
  for (const std::size_t classes : {2U, 4U, 5U, 8U, 10U})
    if (classes <= train.size()) result["mislabelled"].push_back(mislabelled(train, classes));
  std::cout << result.dump(2) << '\n';
}

}  // namespace
}  // namespace outrider

int main(int count, char** arguments) {
  if (count < 3 || count > 4) {
    std::cerr << "usage: evaluation_study ENCODER KIND [PATH]\n";
    return 2;
  }
  try {
    outrider::run(arguments[1], arguments[2], count == 4 ? arguments[3] : "");
  } catch (const std::exception& error) {
    std::cerr << "evaluation_study: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
