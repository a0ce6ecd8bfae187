#include "simulations/pretraining/pretraining.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/encoders/architectures.h"
#include "simulations/pretraining/measurement.h"

namespace outrider::simulations {
namespace {

// Loss and accuracy over the latest episodes: single ones jump about.
class Trend {
 public:
  void add(const EpisodeReport& report) {
    const double share = std::max(0.02, 1.0 / static_cast<double>(++seen_));
    loss_ += share * (report.loss - loss_);
    accuracy_ += share * (report.accuracy - accuracy_);
  }
  std::string text() const { return fmt::format("loss {:.3f}, accuracy {:.1f} %", loss_, 100 * accuracy_); }

 private:
  std::uint64_t seen_ = 0;
  double loss_ = 0;
  double accuracy_ = 0;
};

EpisodeShape episode_of(const Pretraining& options) {
  return {options.way, options.shots, options.queries, options.rotations};
}

// None where none are named: then all are drawn from that have enough pictures.
std::vector<std::uint32_t> base_labels_of(const Dataset& base, const Pretraining& options) {
  return options.classes.empty() ? std::vector<std::uint32_t>{} : labels_of(base, options.classes);
}

Preprocessing preprocessing_of(const Pretraining& options) {
  return {options.input, options.invert, options.mean, options.deviation};
}

// The norm of the longest embedding of base pictures, of some of each class where there are very many.
float largest_norm(const Encoder& encoder, const Dataset& base, std::span<const std::uint32_t> labels, int threads) {
  constexpr std::size_t kMostPictures = 10'000;
  Embedder embedder(encoder, threads);
  const auto examples = indices_by_class(base);
  const std::size_t each = std::max<std::size_t>(1, kMostPictures / std::max<std::size_t>(1, labels.size()));
  double largest = 0;
  for (const std::uint32_t label : labels) {
    auto some = examples[label];
    some.resize(std::min(each, some.size()));
    const std::vector<float> embeddings = embed(base, some, embedder);
    for (std::size_t begin = 0; begin < embeddings.size(); begin += embedder.dimension()) {
      double squares = 0;
      for (const float value : std::span(embeddings).subspan(begin, embedder.dimension()))
        squares += static_cast<double>(value) * static_cast<double>(value);
      largest = std::max(largest, squares);
    }
  }
  return static_cast<float>(std::sqrt(largest));
}

}  // namespace

std::vector<std::uint32_t> labels_of(const Dataset& data, const std::vector<std::string>& names) {
  std::vector<std::uint32_t> labels(names.empty() ? data.classes.size() : 0);
  std::iota(labels.begin(), labels.end(), 0U);
  for (const std::string& name : names) {
    const auto found = std::ranges::find(data.classes, name);
    if (found == data.classes.end())
      throw InputError(fmt::format("the data set has no class '{}'; it has: {}", name, fmt::join(data.classes, ", ")));
    const auto label = static_cast<std::uint32_t>(found - data.classes.begin());
    if (std::ranges::find(labels, label) != labels.end())
      throw InputError(fmt::format("the class '{}' is named twice", name));
    labels.push_back(label);
  }
  return labels;
}

void check_pretraining(const Pretraining& options, const Dataset& base) {
  architecture(options.architecture, options.input);
  Dataset resized;  // a sampler looks at no pixels
  resized.shape = options.input;
  resized.labels = base.labels;
  resized.classes = base.classes;
  [[maybe_unused]] const EpisodeSampler sampler(resized, episode_of(options), 0, base_labels_of(base, options));
}

Encoder pretrain(const Pretraining& options, const Dataset& base, std::uint64_t seed, ProgressDisplay& display,
                 const std::function<void()>& poll, KeptTraining* kept) {
  EpisodicOptions episodic;
  episodic.shape = episode_of(options);
  episodic.labels = base_labels_of(base, options);
  episodic.episodes = options.episodes;
  episodic.learning_rate = options.learning_rate;
  episodic.halve_every = options.halve_every;
  episodic.seed = seed;
  episodic.threads = options.threads;
  const Dataset pictures = resize(base, options.input);
  const Encoder fresh = fresh_encoder(options.architecture, preprocessing_of(options), seed);
  EncoderTraining training(fresh, pictures, episodic);
  Phase phase(display, "pre-training", options.episodes);
  if (const auto state = kept != nullptr ? kept->state_of(fresh.network) : std::nullopt) {
    training.go_on_from(*state);
    phase.skip(state->episodes);
    display.say(fmt::format("goes on after {} of {} episodes", state->episodes, options.episodes));
  }
  Trend trend;
  while (training.episodes() < options.episodes) {
    trend.add(training.step());
    phase.note(trend.text());
    phase.advance();
    if (poll) poll();
    if (kept != nullptr) kept->look(training);
  }
  if (kept != nullptr) kept->finish(training);
  Encoder encoder = training.encoder();
  encoder.name = options.architecture;
  encoder.largest_norm = largest_norm(encoder, pictures, labels_of(base, options.classes), options.threads);
  return encoder;
}

}  // namespace outrider::simulations
