#include "learners/prototypical/few_shot.h"

#include <algorithm>

namespace outrider {
namespace {

// The data set with every picture turned.
Dataset turned(const Dataset& dataset, std::uint32_t quarter_turns) {
  Dataset result = dataset;
  for (std::size_t i = 0; i < dataset.size(); ++i)
    rotate(dataset.image(i), dataset.shape, quarter_turns,
           std::span(result.pixels).subspan(i * dataset.shape.size(), dataset.shape.size()));
  return result;
}

}  // namespace

std::vector<double> few_shot_accuracies(Embedder& embedder, const Dataset& dataset, const EpisodeShape& shape,
                                        std::uint64_t episodes, std::uint64_t seed,
                                        std::span<const std::uint32_t> labels) {
  const EpisodeSampler sampler(dataset, shape, seed, labels);
  const std::size_t dimension = embedder.dimension();
  std::vector<std::vector<float>> by_turn{embedder.embed(dataset)};
  for (std::uint32_t turns = 1; shape.rotations && turns < 4; ++turns)
    by_turn.push_back(embedder.embed(turned(dataset, turns)));

  const auto gather = [&](const std::vector<EpisodePicture>& pictures) {
    std::vector<float> rows;
    rows.reserve(pictures.size() * dimension);
    for (const EpisodePicture& picture : pictures) {
      const auto row = std::span(by_turn[picture.quarter_turns]).subspan(picture.index * dimension, dimension);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  };
  std::vector<double> accuracies;
  for (std::uint64_t number = 0; number < episodes; ++number) {
    const Episode episode = sampler.sample(number);
    accuracies.push_back(prototypical_loss(shape, gather(episode.support), gather(episode.queries)).accuracy);
  }
  return accuracies;
}

}  // namespace outrider
