#include "learners/prototypical/training.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/data/idx.h"
#include "learners/prototypical/few_shot.h"
#include "learners/random.h"

namespace outrider {
namespace {

// Class k is a bright stripe in row or column k of a noisy 16 x 16 picture, anywhere along it dimmed.
Dataset stripes(std::uint32_t classes, std::uint32_t pictures) {
  Dataset dataset;
  dataset.shape = {1, 16, 16};
  Random random(5, "stripes");
  for (std::uint32_t k = 0; k < classes; ++k) {
    dataset.classes.push_back("stripe " + std::to_string(k));
    for (std::uint32_t i = 0; i < pictures; ++i) {
      dataset.labels.push_back(k);
      for (std::uint32_t row = 0; row < 16; ++row)
        for (std::uint32_t column = 0; column < 16; ++column) {
          const bool on = (k % 2 == 0 ? row : column) == k + 2;
          dataset.pixels.push_back(static_cast<std::uint8_t>((on ? 120 : 0) + random.below(120)));
        }
    }
  }
  return dataset;
}

const Preprocessing kPreprocessing{.input = {1, 16, 16}, .mean = 0.3f, .deviation = 0.3f};
const EpisodicOptions kShort{.shape = {.way = 5, .shots = 2, .queries = 3}, .episodes = 4, .seed = 3, .threads = 1};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(EpisodicTraining, LearnsAndRunningStatisticsServeUnseenClasses) {
  const Dataset dataset = stripes(12, 12);
  EpisodicOptions options = kShort;
  options.episodes = 60;
  options.labels = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<double> losses;
  const Encoder encoder = train_encoder(dataset, "conv4", kPreprocessing, options, [&](const EpisodeReport& report) {
    EXPECT_EQ(report.episode, losses.size());
    losses.push_back(report.loss);
    return true;
  });
  ASSERT_EQ(losses.size(), 60u);
  EXPECT_LT(mean({losses.end() - 10, losses.end()}), mean({losses.begin(), losses.begin() + 10}) / 4);

  Embedder embedder(encoder, 1);
  const std::vector<std::uint32_t> unseen{8, 9, 10, 11};
  const auto accuracies = few_shot_accuracies(embedder, dataset, {.way = 4, .shots = 1, .queries = 5}, 100, 1, unseen);
  EXPECT_EQ(accuracies.size(), 100u);
  EXPECT_GT(mean(accuracies), 0.8);
}

TEST(EpisodicTraining, SameSeedSameEncoder) {
  const Dataset dataset = stripes(6, 6);
  const Digest first = train_encoder(dataset, "conv4", kPreprocessing, kShort).id();
  EXPECT_EQ(train_encoder(dataset, "conv4", kPreprocessing, kShort).id(), first);
  EpisodicOptions other = kShort;
  other.seed = 4;
  EXPECT_NE(train_encoder(dataset, "conv4", kPreprocessing, other).id(), first);
}

TEST(EpisodicTraining, StopsWhenToldTo) {
  const Dataset dataset = stripes(6, 6);
  EpisodicOptions two = kShort;
  two.episodes = 2;
  const Encoder stopped = train_encoder(dataset, "conv4", kPreprocessing, kShort,
                                        [](const EpisodeReport& report) { return report.episode < 1; });
  EXPECT_EQ(stopped.id(), train_encoder(dataset, "conv4", kPreprocessing, two).id());
}

TEST(EpisodicTraining, HalvesTheLearningRate) {
  const Dataset dataset = stripes(6, 6);
  EpisodicOptions never = kShort, late = kShort, early = kShort;
  never.halve_every = 0;
  late.halve_every = 4;
  early.halve_every = 1;
  const Digest unhalved = train_encoder(dataset, "conv4", kPreprocessing, never).id();
  EXPECT_EQ(train_encoder(dataset, "conv4", kPreprocessing, late).id(), unhalved);
  EXPECT_NE(train_encoder(dataset, "conv4", kPreprocessing, early).id(), unhalved);
}

TEST(EpisodicTraining, GoesOnWithATrainedEncoder) {
  const Dataset dataset = stripes(6, 6);
  const Encoder first = train_encoder(dataset, "conv4", kPreprocessing, kShort);
  EpisodicOptions none = kShort;
  none.episodes = 0;
  EXPECT_EQ(train_encoder(first, dataset, none).id(), first.id());
  EXPECT_NE(train_encoder(first, dataset, kShort).id(), first.id());
}

TEST(EpisodicTraining, GoesOnFromWhereItStoodToTheSameBits) {
  const Dataset dataset = stripes(6, 6);
  for (const char* architecture : {"conv4", "lenet5"})
    for (const int threads : {1, 2}) {
      EpisodicOptions options = kShort;
      options.threads = threads;
      options.halve_every = 2;
      const Digest whole = train_encoder(dataset, architecture, kPreprocessing, options).id();
      std::optional<TrainingState> state;
      EncoderTraining last(fresh_encoder(architecture, kPreprocessing, options.seed), dataset, options);
      while (last.episodes() < options.episodes) {
        EncoderTraining next(fresh_encoder(architecture, kPreprocessing, 99), dataset, options);
        next.go_on_from(state ? *state : last.state());
        EXPECT_EQ(next.state(), state ? *state : last.state());
        next.step();
        state = next.state();
        last = std::move(next);
      }
      EXPECT_EQ(last.encoder().id(), whole) << architecture << ", " << threads << " threads";
    }
}

TEST(EpisodicTraining, RefusesToGoOnFromAnotherNetworksState) {
  const Dataset dataset = stripes(6, 6);
  EncoderTraining training(fresh_encoder("conv4", kPreprocessing, 1), dataset, kShort);
  EncoderTraining other(fresh_encoder("lenet5", kPreprocessing, 1), dataset, kShort);
  training.step();
  other.step();
  EXPECT_THROW(training.go_on_from(other.state()), InputError);
  TrainingState state = training.state();
  state.optimizer.steps = 0;
  EXPECT_THROW(training.go_on_from(state), InputError);
  state = training.state();
  state.optimizer.moments.back().first.pop_back();
  EXPECT_THROW(training.go_on_from(state), InputError);
  state = training.state();
  state.parameters.tensors.front().values.front() = NAN;
  EXPECT_THROW(training.go_on_from(state), InputError);
}

TEST(EpisodicTraining, RefusesWhatCannotTrain) {
  const Dataset dataset = stripes(6, 6);
  EXPECT_THROW(train_encoder(dataset, "conv5000", kPreprocessing, kShort), InputError);
  EXPECT_THROW(train_encoder(dataset, "conv4", {.input = {1, 28, 28}}, kShort), InputError);
  EpisodicOptions options = kShort;
  options.learning_rate = 0;
  EXPECT_THROW(train_encoder(dataset, "conv4", kPreprocessing, options), InputError);
  options = kShort;
  options.shape.way = 7;
  EXPECT_THROW(train_encoder(dataset, "conv4", kPreprocessing, options), InputError);
}

TEST(EpisodicTraining, SaysSoWhenItDiverges) {
  const Dataset dataset = stripes(6, 6);
  for (const double rate : {1e10, 1e20, 1e30})
    for (const std::uint64_t episodes : {1, 4}) {
      EpisodicOptions options = kShort;
      options.learning_rate = rate;
      options.episodes = episodes;
      try {
        const Encoder encoder = train_encoder(dataset, "conv4", kPreprocessing, options);
        EXPECT_EQ(episodes, 1u);
        EXPECT_NO_THROW(encoder.check());
      } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find("training diverged in episode"), std::string::npos);
      }
    }
}

TEST(FewShot, RotatedClassesAreJudgedRotated) {
  const Dataset dataset = stripes(6, 6);
  const Encoder encoder = train_encoder(dataset, "conv4", kPreprocessing, kShort);
  Embedder embedder(encoder, 1);
  const EpisodeShape shape{.way = 24, .shots = 2, .queries = 2, .rotations = true};
  const auto accuracies = few_shot_accuracies(embedder, dataset, shape, 10, 1);
  EXPECT_GT(mean(accuracies), 3.0 / 24);
  EXPECT_EQ(few_shot_accuracies(embedder, dataset, shape, 10, 1), accuracies);
  EXPECT_NE(few_shot_accuracies(embedder, dataset, shape, 10, 2), accuracies);
}

TEST(FewShot, UnseenClothesAreToldApartAfterASmallTraining) {
  const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "needs the package dataset-fashion-mnist";
  const Dataset dataset = load_idx(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz");
  const Preprocessing preprocessing{.input = dataset.shape, .mean = 0.286f, .deviation = 0.353f};
  EpisodicOptions options{.shape = {.way = 5, .shots = 3, .queries = 5}, .episodes = 40, .seed = 1, .threads = 1};
  options.labels = {0, 2, 3, 4, 6, 7};
  const Encoder encoder = train_encoder(dataset, "conv4", preprocessing, options);
  Embedder embedder(encoder, 1);
  const std::vector<std::uint32_t> unseen{1, 5, 8, 9};  // trouser, sandal, bag, ankle boot
  EXPECT_GT(mean(few_shot_accuracies(embedder, dataset, {.way = 4, .shots = 5, .queries = 5}, 50, 1, unseen)), 0.8);
}

}  // namespace
}  // namespace outrider
