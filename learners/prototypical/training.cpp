#include "learners/prototypical/training.h"

#include <cmath>
#include <string>

#include "knowledge/error.h"
#include "learners/encoders/architectures.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/plan.h"
#include "learners/nn/schedule.h"

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

// Everything that lives as long as the training does.
class EpisodicTrainer {
 public:
  EpisodicTrainer(const Encoder& encoder, const Dataset& dataset, const EpisodicOptions& options)
      : dataset_(dataset),
        sampler_(dataset, options.shape, options.seed, options.labels),
        schedule_(schedule_of(options)),
        values_(pixel_values(encoder.preprocessing)),
        plan_(encoder.network, options.shape.size(), options.threads),
        optimizer_(plan_, {.method = nn::Method::kAdam}),
        turned_(dataset.shape.size()) {
    plan_.load(encoder.parameters);
  }

  EpisodeReport step(std::uint64_t number) {
    fill_input(sampler_.sample(number));
    const std::size_t support = sampler_.shape().support_size() * plan_.output_size();
    const std::span<const float> embeddings = plan_.forward();
    const std::span<float> gradient = plan_.output_gradient();
    const EpisodeScore score =
        prototypical_loss(sampler_.shape(), embeddings.first(support), embeddings.subspan(support),
                          gradient.first(support), gradient.subspan(support));
    plan_.backward();
    // The loss alone does not tell: ReLU can turn a NaN into 0.
    if (!std::isfinite(score.loss) || !std::isfinite(nn::gradient_norm(plan_.trainables()))) throw diverged(number);
    optimizer_.step(schedule_.at(number));
    return {number, score.loss, score.accuracy};
  }

  nn::Parameters parameters() const { return plan_.parameters(); }

 private:
  // Support first, then queries.
  void fill_input(const Episode& episode) {
    std::span<float> input = plan_.input();
    for (const auto* pictures : {&episode.support, &episode.queries})
      for (const EpisodePicture& picture : *pictures) {
        rotate(dataset_.image(picture.index), dataset_.shape, picture.quarter_turns, turned_);
        preprocess(turned_, values_, input.first(turned_.size()));
        input = input.subspan(turned_.size());
      }
  }

  const Dataset& dataset_;
  EpisodeSampler sampler_;
  nn::Schedule schedule_;
  std::array<float, 256> values_;
  nn::TrainingPlan plan_;
  nn::Optimizer optimizer_;
  std::vector<std::uint8_t> turned_;
};

}  // namespace

Encoder train_encoder(Encoder encoder, const Dataset& dataset, const EpisodicOptions& options,
                      const OnEpisode& on_episode) {
  encoder.check();
  require_fitting(dataset, encoder.preprocessing);
  EpisodicTrainer trainer(encoder, dataset, options);
  std::uint64_t number = 0;
  while (number < options.episodes) {
    const EpisodeReport report = trainer.step(number++);
    if (on_episode && !on_episode(report)) break;
  }
  encoder.parameters = trainer.parameters();
  for (const nn::Tensor& tensor : encoder.parameters.tensors)
    for (const float value : tensor.values)
      if (!std::isfinite(value)) throw diverged(number);
  return encoder;
}

Encoder train_encoder(const Dataset& dataset, std::string_view architecture_name, const Preprocessing& preprocessing,
                      const EpisodicOptions& options, const OnEpisode& on_episode) {
  require_fitting(dataset, preprocessing);
  Encoder encoder;
  encoder.name = architecture_name;
  encoder.preprocessing = preprocessing;
  encoder.network = architecture(architecture_name, preprocessing.input);
  encoder.parameters = nn::Parameters::initial(encoder.network, options.seed);
  return train_encoder(std::move(encoder), dataset, options, on_episode);
}

}  // namespace outrider
