#include "simulations/federated_rounds/rounds_pictures.h"

#include <algorithm>
#include <set>

#include "knowledge/error.h"
#include "learners/data/open.h"
#include "learners/data/resize.h"
#include "learners/data/split.h"

namespace outrider::simulations {
namespace {

void require_rounds_parts(const DatasetPair& data) {
  require(data.test.size() > 0, "the data set " + data.source + " has no test part, which rounds of training need");
  require(data.train.classes == data.test.classes,
          "the two parts of the data set " + data.source +
              " have different classes; rounds of training need the same in both");
}

}  // namespace

RoundsPictures select_pictures(const RoundsSetting& setting, std::uint64_t seed) {
  DatasetPair data = open_dataset(setting.data.kind, setting.data.path);
  require_rounds_parts(data);
  const ImageShape& input = setting.preprocessing.input;
  RoundsPictures pictures;
  pictures.source = std::move(data.source);
  pictures.sha256 = std::move(data.sha256);
  pictures.train = resize(draw_of_each_class(data.train, setting.train_pictures, seed, "pictures to learn"), input);
  pictures.test = resize(draw_of_each_class(data.test, setting.test_pictures, seed, "pictures to judge by"), input);
  pictures.owners = divide(pictures.train, setting.partition, setting.clients, seed);
  return pictures;
}

std::size_t RoundsPictures::clients() const {
  return static_cast<std::size_t>(std::ranges::count_if(owners, [](const auto& own) { return !own.empty(); }));
}

double RoundsPictures::classes_per_client() const {
  double classes = 0;
  for (const std::vector<std::size_t>& own : owners) {
    std::set<std::uint32_t> seen;
    for (const std::size_t picture : own) seen.insert(train.labels[picture]);
    classes += static_cast<double>(seen.size());
  }
  return classes / static_cast<double>(std::max<std::size_t>(clients(), 1));
}

std::vector<TrainingClient> RoundsPictures::dealt(const std::vector<double>& widths) const {
  std::vector<TrainingClient> made;
  for (const std::vector<std::size_t>& own : owners)
    made.push_back({select(train, own), widths[made.size() % widths.size()]});
  return made;
}

std::vector<TrainingClient> RoundsPictures::together() const {
  std::vector<std::size_t> all;
  for (const std::vector<std::size_t>& own : owners) all.insert(all.end(), own.begin(), own.end());
  std::ranges::sort(all);
  return {{select(train, all), 1}};
}

}  // namespace outrider::simulations
