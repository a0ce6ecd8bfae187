#include "learners/prototypical/episodes.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "knowledge/error.h"
#include "learners/random.h"

namespace outrider {
namespace {

void require_sound(const EpisodeShape& shape, const ImageShape& picture) {
  constexpr std::uint32_t kMost = 1u << 20;
  if (shape.way < 2 || shape.way > kMost)
    throw InputError("an episode of " + std::to_string(shape.way) + " classes was asked for; expected at least 2");
  if (shape.shots < 1 || shape.shots > kMost || shape.queries < 1 || shape.queries > kMost)
    throw InputError("an episode with " + std::to_string(shape.shots) + " support and " +
                     std::to_string(shape.queries) + " query pictures a class was asked for; expected at least 1");
  if (shape.rotations && picture.height != picture.width)
    throw InputError("rotated classes need square pictures; these have " + std::to_string(picture.height) + " x " +
                     std::to_string(picture.width));
}

// The first `count` values of a random order of 0 … size-1.
std::vector<std::uint32_t> draw(Random& random, std::size_t size, std::size_t count) {
  std::vector<std::uint32_t> values(size);
  std::iota(values.begin(), values.end(), 0u);
  for (std::size_t i = 0; i < count; ++i)
    std::swap(values[i], values[i + random.below(static_cast<std::uint32_t>(size - i))]);
  values.resize(count);
  return values;
}

}  // namespace

EpisodeSampler::EpisodeSampler(const Dataset& dataset, const EpisodeShape& shape, std::uint64_t seed,
                               std::span<const std::uint32_t> labels)
    : shape_(shape), seed_(seed) {
  require_sound(shape, dataset.shape);
  std::vector<bool> wanted(dataset.classes.size(), labels.empty());
  for (const std::uint32_t label : labels) {
    if (label >= wanted.size())
      throw InputError("label " + std::to_string(label) + " was asked for; the data set has " +
                       std::to_string(wanted.size()) + " classes");
    wanted[label] = true;
  }
  std::vector<std::vector<std::uint32_t>> by_class(dataset.classes.size());
  for (std::size_t i = 0; i < dataset.size(); ++i)
    if (wanted[dataset.labels[i]]) by_class[dataset.labels[i]].push_back(static_cast<std::uint32_t>(i));
  const std::size_t needed = std::size_t{shape.shots} + shape.queries;
  for (auto& members : by_class)
    if (members.size() >= needed) members_.push_back(std::move(members));
  if (candidates() < shape.way)
    throw InputError("episodes of " + std::to_string(shape.way) + " classes need as many classes with at least " +
                     std::to_string(needed) + " pictures; the data set has " + std::to_string(candidates()));
}

Episode EpisodeSampler::sample(std::uint64_t number) const {
  Random random(seed_, "episode", 0, number);
  const std::size_t turns = shape_.rotations ? 4 : 1;
  Episode episode;
  episode.support.reserve(shape_.support_size());
  episode.queries.reserve(shape_.query_size());
  for (const std::uint32_t candidate : draw(random, candidates(), shape_.way)) {
    const auto& members = members_[candidate / turns];
    const auto turn = static_cast<std::uint32_t>(candidate % turns);
    const auto drawn = draw(random, members.size(), std::size_t{shape_.shots} + shape_.queries);
    for (std::size_t i = 0; i < drawn.size(); ++i)
      (i < shape_.shots ? episode.support : episode.queries).push_back({members[drawn[i]], turn});
  }
  return episode;
}

void rotate(std::span<const std::uint8_t> picture, const ImageShape& shape, std::uint32_t quarter_turns,
            std::span<std::uint8_t> rotated) {
  assert(shape.height == shape.width && picture.size() == shape.size() && rotated.size() == shape.size());
  assert(quarter_turns < 4);
  const auto side = static_cast<std::size_t>(shape.width);
  const std::size_t plane = side * side;
  const std::size_t end = side - 1;
  for (std::size_t start = 0; start < picture.size(); start += plane) {
    const auto from = picture.subspan(start, plane);
    const auto to = rotated.subspan(start, plane);
    for (std::size_t row = 0; row < side; ++row)
      for (std::size_t column = 0; column < side; ++column) {
        std::uint8_t& target = to[row * side + column];
        switch (quarter_turns) {
          case 0:
            target = from[row * side + column];
            break;
          case 1:
            target = from[column * side + (end - row)];
            break;
          case 2:
            target = from[(end - row) * side + (end - column)];
            break;
          case 3:
            target = from[(end - column) * side + row];
            break;
        }
      }
  }
}

}  // namespace outrider
