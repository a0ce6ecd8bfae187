#include "simulations/pretraining.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "knowledge/whole_file.h"
#include "learners/data/open.h"
#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/encoders/architectures.h"
#include "learners/nn/threads.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/measurement.h"

namespace outrider::simulations {
namespace {

// Loss and accuracy over the latest episodes: single ones jump about.
class Trend {
 public:
  void add(const EpisodeReport& report) {
    const double share = std::max(0.02, 1.0 / static_cast<double>(report.episode + 1));
    loss_ += share * (report.loss - loss_);
    accuracy_ += share * (report.accuracy - accuracy_);
  }
  std::string text() const { return fmt::format("loss {:.3f}, accuracy {:.1f} %", loss_, 100 * accuracy_); }

 private:
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
                 const std::function<void()>& poll) {
  EpisodicOptions episodic;
  episodic.shape = episode_of(options);
  episodic.labels = base_labels_of(base, options);
  episodic.episodes = options.episodes;
  episodic.learning_rate = options.learning_rate;
  episodic.halve_every = options.halve_every;
  episodic.seed = seed;
  episodic.threads = options.threads;
  const Dataset pictures = resize(base, options.input);
  Phase phase(display, "pre-training", options.episodes);
  Trend trend;
  Encoder encoder = train_encoder(pictures, options.architecture, preprocessing_of(options), episodic,
                                  [&](const EpisodeReport& report) {
                                    trend.add(report);
                                    phase.note(trend.text());
                                    phase.advance();
                                    if (poll) poll();
                                    return true;
                                  });
  encoder.name = options.architecture;
  encoder.largest_norm = largest_norm(encoder, pictures, labels_of(base, options.classes), options.threads);
  return encoder;
}

void add_options(CLI::App& app, PretrainOptions& options) {
  Pretraining& training = options.training;
  app.add_option("--kind", options.data.kind, fmt::format("The data set: {}", fmt::join(dataset_kinds(), ", ")))
      ->required();
  app.add_option("--path", options.data.path, "Where it lies; fashion-mnist: default is Debian's package");
  app.add_option("--classes", training.classes, "Base classes by name (default: all)");
  app.add_option("--architecture", training.architecture, "The network")->capture_default_str();
  app.add_option("--input", options.input, "Pictures are resized to CHANNELSxHEIGHTxWIDTH")->capture_default_str();
  app.add_flag("--invert", training.invert, "Dark becomes light");
  app.add_option("--mean", training.mean, "Of pixel values in [0, 1]; subtracted")
      ->check(decimal_number(0, 1))
      ->capture_default_str();
  app.add_option("--deviation", training.deviation, "Of pixel values in [0, 1]; divided by")
      ->check(decimal_number(1e-6, 1))
      ->capture_default_str();
  app.add_option("--way", training.way, "Classes in an episode")->check(whole_number(2, 65'536))->capture_default_str();
  app.add_option("--shots", training.shots, "Support pictures of each")
      ->check(whole_number(1, 65'536))
      ->capture_default_str();
  app.add_option("--queries", training.queries, "Query pictures of each")
      ->check(whole_number(1, 65'536))
      ->capture_default_str();
  app.add_flag("--rotations", training.rotations, "Turned classes are further classes");
  app.add_option("--episodes", training.episodes, "How many")
      ->check(whole_number(0, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--learning-rate", training.learning_rate, "Of Adam")
      ->check(decimal_number(1e-9, 100))
      ->capture_default_str();
  app.add_option("--halve-every", training.halve_every, "Episodes until it is halved")
      ->check(whole_number(1, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--threads", training.threads, "Part of the result")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Same seed, same encoder")->check(whole_number(0))->capture_default_str();
  app.add_option("--output", options.output, "The file to write")->required();
}

int run_pretrain(const PretrainOptions& options) {
  require_writable(options.output);  // found out now rather than after training
  Pretraining training = options.training;
  training.input = parse_image_shape(options.input);
  const Dataset data = open_dataset(options.data.kind, options.data.path).train;
  const std::vector<std::uint32_t> labels = labels_of(data, training.classes);
  if (const auto shortage = nn::thread_shortage(training.threads)) std::cerr << "outrider: " << *shortage << '\n';
  ProgressDisplay display(std::cerr, is_terminal(STDERR_FILENO));
  const Encoder encoder = pretrain(training, data, options.seed, display);
  Embedder embedder(encoder, 0);
  Pretrained pretrained{encoder.encode(), {}};
  const auto examples = indices_by_class(data);
  for (std::uint32_t label = 0; label < data.classes.size(); ++label) {
    if (std::ranges::find(labels, label) == labels.end()) continue;
    if (examples[label].empty()) continue;
    ClassStateBuilder builder(embedder.dimension());
    builder.add(embed(data, examples[label], embedder));
    pretrained.classes.emplace_back(data.classes[label], builder.state());
  }
  save_pretrained(pretrained, options.output);
  fmt::print("{}: encoder {} ({}, d = {}) and {} base classes\n", options.output, encoder.id().brief(), encoder.name,
             encoder.dimension(), pretrained.classes.size());
  return 0;
}

}  // namespace outrider::simulations
