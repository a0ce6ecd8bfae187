#include "learners/prototypical/training.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/plan.h"
#include "learners/nn/schedule.h"
#include "learners/training/loop.h"

namespace outrider {
namespace {

std::string side_text(const ImageShape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

void require_fitting(const Dataset& dataset, const Preprocessing& preprocessing) {
  if (dataset.shape != preprocessing.input)
    throw InputError("the pictures are " + side_text(dataset.shape) + "; the encoder takes " +
                     side_text(preprocessing.input));
}

nn::Schedule schedule_of(const EpisodicOptions& options) {
  if (!(std::isfinite(options.learning_rate) && options.learning_rate > 0))
    throw InputError("a learning rate of " + std::to_string(options.learning_rate) +
                     " was given; expected a positive number");
  nn::Schedule schedule;
  schedule.base = options.learning_rate;
  if (options.halve_every > 0) schedule.decay = nn::StepDecay{options.halve_every, 0.5};
  return schedule;
}

InputError diverged(std::uint64_t episode) {
  return InputError("training diverged in episode " + std::to_string(episode) +
                    ": its numbers are no longer finite; a lower learning rate may help");
}

void require_finite(const nn::Parameters& parameters, std::uint64_t episode) {
  for (const nn::Tensor& tensor : parameters.tensors)
    for (const float value : tensor.values)
      if (!std::isfinite(value)) throw diverged(episode);
}

// Between a plan's layout, in which padding is zero, and plain values.
std::vector<float> to_plain(std::span<const float> laid, std::span<const std::uint32_t> order, std::size_t size) {
  std::vector<float> plain(size);
  for (std::size_t i = 0; i < laid.size(); ++i)
    if (order[i] != nn::kPadding) plain[order[i]] = laid[i];
  return plain;
}

std::vector<float> from_plain(std::span<const float> plain, std::span<const std::uint32_t> order) {
  std::vector<float> laid(order.size());
  for (std::size_t i = 0; i < laid.size(); ++i)
    if (order[i] != nn::kPadding) laid[i] = plain[order[i]];
  return laid;
}

}  // namespace

struct EncoderTraining::State {
  State(Encoder encoder, const Dataset& pictures, const EpisodicOptions& options)
      : start(std::move(encoder)),
        dataset(pictures),
        sampler(pictures, options.shape, options.seed, options.labels),
        values(pixel_values(start.preprocessing)),
        plan(start.network, options.shape.size(), options.threads),
        descent(plan.trainables(), {.method = nn::Method::kAdam}, schedule_of(options), plan.threads()),
        turned(pictures.shape.size()) {
    plan.load(start.parameters);
    batch.input.resize(plan.input().size());
  }

  // Support first, then queries.
  const Batch& fill_batch(const Episode& episode) {
    std::span<float> input = batch.input;
    for (const auto* drawn : {&episode.support, &episode.queries})
      for (const EpisodePicture& picture : *drawn) {
        rotate(dataset.image(picture.index), dataset.shape, picture.quarter_turns, turned);
        preprocess(turned, values, input.first(turned.size()));
        input = input.subspan(turned.size());
      }
    return batch;
  }

  // The prototypical loss, and what it says besides.
  training::Loss loss_into(EpisodeScore& score) {
    return [&](std::span<const float> embeddings, std::span<const std::uint32_t>, std::span<float> gradient) {
      const std::size_t support = sampler.shape().support_size() * plan.output_size();
      score = prototypical_loss(sampler.shape(), embeddings.first(support), embeddings.subspan(support),
                                gradient.first(support), gradient.subspan(support));
      return score.loss;
    };
  }

  nn::Parameters finite_parameters() const {
    nn::Parameters parameters = plan.parameters();
    require_finite(parameters, episodes);
    return parameters;
  }

  // Each tensor's moments through `convert` with the order of its layout.
  template <typename Convert>
  nn::OptimizerState converted(nn::OptimizerState state, Convert&& convert) const {
    const auto trainables = plan.trainables();
    for (std::size_t i = 0; i < trainables.size(); ++i) {
      const auto order = plan.layout_order(i);
      nn::Moments& moments = state.moments[i];
      moments = {convert(moments.first, order, trainables[i].spec.size()),
                 convert(moments.second, order, trainables[i].spec.size())};
    }
    return state;
  }

  Encoder start;
  const Dataset& dataset;
  EpisodeSampler sampler;
  std::array<float, 256> values;
  mutable nn::TrainingPlan plan;
  training::Descent descent;
  Batch batch;
  std::vector<std::uint8_t> turned;
  std::uint64_t episodes = 0;
};

EncoderTraining::EncoderTraining(Encoder encoder, const Dataset& dataset, const EpisodicOptions& options) {
  encoder.check();
  require_fitting(dataset, encoder.preprocessing);
  state_ = std::make_unique<State>(std::move(encoder), dataset, options);
}
EncoderTraining::~EncoderTraining() = default;
EncoderTraining::EncoderTraining(EncoderTraining&&) noexcept = default;
EncoderTraining& EncoderTraining::operator=(EncoderTraining&&) noexcept = default;

std::uint64_t EncoderTraining::episodes() const {
  return state_->episodes;
}

EpisodeReport EncoderTraining::step() {
  State& s = *state_;
  const std::uint64_t number = s.episodes++;
  EpisodeScore score;
  const training::BatchSource episode{[&]() -> const Batch& { return s.fill_batch(s.sampler.sample(number)); }};
  training::train(training::trainee_of(s.plan), episode, s.loss_into(score), s.descent, {.steps = 1, .done = number},
                  {.diverged = [number] { throw diverged(number); }});
  return {number, score.loss, score.accuracy};
}

TrainingState EncoderTraining::state() const {
  const auto plain = [](const auto& laid, const auto& order, std::size_t size) { return to_plain(laid, order, size); };
  return {state_->episodes, state_->finite_parameters(), state_->converted(state_->descent.state(), plain)};
}

Encoder EncoderTraining::encoder() const {
  Encoder encoder = state_->start;
  encoder.parameters = state_->finite_parameters();
  return encoder;
}

void EncoderTraining::go_on_from(const TrainingState& state) {
  State& s = *state_;
  const auto& moments = state.optimizer.moments;
  const auto trainables = s.plan.trainables();
  const auto fits = [](const nn::Moments& given, const nn::Trainable& own) {
    return given.first.size() == own.spec.size() && given.second.size() == own.spec.size();
  };
  require(
      std::ranges::equal(moments, trainables, fits) && state.optimizer.steps == state.episodes,
      "what the optimizer has gathered is not of this network after " + std::to_string(state.episodes) + " episodes");
  s.descent.restore(s.converted(
      state.optimizer, [](const auto& plain, const auto& order, std::size_t) { return from_plain(plain, order); }));
  s.plan.load(state.parameters);
  s.plan.set_dropout_key({.step = state.episodes});
  s.episodes = state.episodes;
}

Encoder fresh_encoder(std::string_view architecture_name, const Preprocessing& preprocessing, std::uint64_t seed) {
  Encoder encoder;
  encoder.name = architecture_name;
  encoder.preprocessing = preprocessing;
  encoder.network = architecture(architecture_name, preprocessing.input);
  encoder.parameters = nn::Parameters::initial(encoder.network, seed);
  return encoder;
}

Encoder train_encoder(Encoder encoder, const Dataset& dataset, const EpisodicOptions& options,
                      const OnEpisode& on_episode) {
  EncoderTraining training(std::move(encoder), dataset, options);
  while (training.episodes() < options.episodes) {
    const EpisodeReport report = training.step();
    if (on_episode && !on_episode(report)) break;
  }
  return training.encoder();
}

Encoder train_encoder(const Dataset& dataset, std::string_view architecture_name, const Preprocessing& preprocessing,
                      const EpisodicOptions& options, const OnEpisode& on_episode) {
  require_fitting(dataset, preprocessing);
  return train_encoder(fresh_encoder(architecture_name, preprocessing, options.seed), dataset, options, on_episode);
}

}  // namespace outrider
