#include "learners/supermask/masked_trainer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/encoders/batches.h"
#include "learners/nn/loss.h"

namespace outrider {
namespace {

std::size_t batch_for(const BaseNetwork& base, const Dataset& task, std::size_t batch) {
  check_task(base, task);
  return std::clamp<std::size_t>(batch, 1, task.size());
}

// Of the kept weights in their order: 0 for the largest magnitudes to 15 for the smallest.
std::vector<std::uint8_t> ranks_of(std::span<const float> scores, std::span<const std::uint8_t> mask) {
  std::vector<std::pair<float, std::size_t>> kept;  // negative magnitude, number among the kept
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (mask[i] != 0) kept.emplace_back(-std::abs(scores[i]), kept.size());
  std::ranges::sort(kept);
  std::vector<std::uint8_t> ranks(kept.size());
  for (std::size_t place = 0; place < kept.size(); ++place)
    ranks[kept[place].second] = static_cast<std::uint8_t>(place * kRankLevels / kept.size());
  return ranks;
}

std::vector<float> kept_values(std::span<const float> weights, std::span<const std::uint8_t> mask) {
  std::vector<float> values;
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (mask[i] != 0) values.push_back(weights[i]);
  return values;
}

// Of which the kept weights are the largest.
Scores scores_of_masks(const LayerFlags& masks) {
  Scores scores;
  for (const auto& mask : masks) scores.emplace_back(mask.begin(), mask.end());
  return scores;
}

std::vector<std::size_t> counts_of(const LayerFlags& masks) {
  std::vector<std::size_t> counts;
  for (const auto& mask : masks) counts.push_back(static_cast<std::size_t>(std::ranges::count(mask, 1)));
  return counts;
}

InputError mask_training_diverged(std::string_view phase) {
  return InputError(
      fmt::format("learning a task diverged during its {}: its numbers are no longer finite; a lower "
                  "learning rate may help",
                  phase));
}

nn::Schedule schedule_of(const TrainingPhase& phase, float rate, std::uint64_t steps) {
  if (phase.constant) return {rate, 0, nn::ConstantRate{}};
  return {rate, 0, nn::CosineDecay{std::max<std::uint64_t>(steps, 1), 0}};
}

// Adam with a rate for each tensor: it treats every number by itself, so that apart is as together.
training::Descent adam_of_layers(std::span<const nn::Trainable> trainables, const TrainingPhase& phase,
                                 std::uint64_t steps, int threads) {
  assert(phase.most_rates.empty() || phase.most_rates.size() == trainables.size());
  training::Descent descent;
  for (std::size_t i = 0; i < trainables.size(); ++i) {
    const float rate = phase.most_rates.empty() ? phase.rate : std::min(phase.rate, phase.most_rates[i]);
    descent.add(trainables.subspan(i, 1), {.method = nn::Method::kAdam}, schedule_of(phase, rate, steps), threads);
  }
  return descent;
}

}  // namespace

void check_task(const BaseNetwork& base, const Dataset& task) {
  if (task.shape != base.preprocessing.input)
    throw InputError(fmt::format("the pictures of a task are {}x{}x{}; the base network takes {}x{}x{}",
                                 task.shape.channels, task.shape.height, task.shape.width, base.network.input.channels,
                                 base.network.input.height, base.network.input.width));
  if (task.classes.size() < 2 || task.classes.size() > base.outputs())
    throw InputError(fmt::format("a task has {} classes; the base network tells 2 to {} apart", task.classes.size(),
                                 base.outputs()));
  if (task.size() == 0) throw InputError("a task has no pictures to learn from");
}

std::vector<std::size_t> kept_counts(const BaseNetwork& base) {
  std::vector<std::size_t> counts;
  for (const nn::TensorSpec& tensor : base.weight_tensors())
    counts.push_back(nn::kept_count(base.density, tensor.size()));
  return counts;
}

std::vector<std::size_t> kept_counts(const TaskRecord& record) {
  std::vector<std::size_t> counts;
  for (const LayerMask& layer : record.layers) counts.push_back(layer.count());
  return counts;
}

MaskedTrainer::MaskedTrainer(const BaseNetwork& base, const Dataset& task, LayerValues weights, Scores scores,
                             const std::vector<std::size_t>& kept, const TrainerOptions& options)
    : base_(base),
      task_(task),
      options_(options),
      plan_(base.network, batch_for(base, task, options.batch), options.threads),
      derived_(plan_) {
  plan_.load(nn::Parameters::initial(base.network, 0));
  const auto tensors = base.weight_tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    layers_.push_back(
        std::make_unique<nn::MaskedWeight>(tensors[i], std::move(weights[i]), std::move(scores[i]), kept[i]));
    derived_.derive(tensors[i].name, *layers_.back());
  }
}

MaskedTrainer::MaskedTrainer(const BaseNetwork& base, const Dataset& task, const TrainingState& start,
                             const LayerFlags& masks, const TrainerOptions& options)
    : MaskedTrainer(base, task, start.weights, scores_of_masks(masks), counts_of(masks), options) {
  load_statistics(start.statistics);
  learn_weights(masks);
}

void MaskedTrainer::load_statistics(const std::vector<float>& statistics) {
  nn::Parameters parameters = plan_.parameters();
  auto from = statistics.begin();
  for (nn::Tensor& tensor : parameters.tensors)
    if (!tensor.spec.trainable()) {
      std::copy_n(from, tensor.values.size(), tensor.values.begin());
      from += static_cast<std::ptrdiff_t>(tensor.values.size());
    }
  plan_.load(parameters);
}

void MaskedTrainer::learn_weights(const LayerFlags& free) {
  for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i]->learn_weights(free[i]);
}

bool MaskedTrainer::train(const TrainingPhase& phase, const EpochDone& done, const StepDone& after_step,
                          const IsHopeless& hopeless) {
  const auto trainables = derived_.trainables();
  Batches batches(task_, base_.preprocessing,
                  {.size = plan_.batch(), .seed = Random(options_.seed, phase.purpose)(), .client = 0});
  const training::BatchSource source = training::source_of(batches);
  const std::uint64_t steps = training::step_count(0, phase.epochs, source);
  training::Descent descent = adam_of_layers(trainables, phase, steps, plan_.threads());
  const auto loss = [this](const auto& logits, const auto& labels, const auto& gradient) {
    count_silent(logits, labels);
    return nn::softmax_cross_entropy(logits, labels, gradient);
  };
  const auto epoch_done = [&](const training::Epoch& epoch) {
    if (done && !done(phase.epochs_before + epoch.number, phase.epochs_of_all))
      throw InputError("learning a task was stopped");
    const EpochReport report = take_report(epoch.loss);
    return !hopeless || !hopeless(epoch.number, report);
  };
  const auto step_done = [&](std::uint64_t number, std::uint64_t) {
    if (after_step) after_step(number);
    return true;
  };
  return training::train(trainee(trainables), source, loss, descent, {steps, training::Look::kEveryEpoch},
                         {.step_done = step_done,
                          .epoch_done = epoch_done,
                          .diverged = [&] { throw mask_training_diverged(phase.purpose); }})
      .finished;
}

training::Trainee MaskedTrainer::trainee(const std::vector<nn::Trainable>& trainables) {
  return {[this](std::span<const float> input) {
            std::ranges::copy(input, plan_.input().begin());
            return derived_.forward();
          },
          [this] { return plan_.output_gradient(); }, [this] { derived_.backward(); }, trainables};
}

void MaskedTrainer::count_silent(std::span<const float> logits, std::span<const std::uint32_t> labels) {
  seen_.resize(task_.classes.size());
  silent_.resize(task_.classes.size());
  const std::size_t outputs = logits.size() / labels.size();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto [least, most] = std::ranges::minmax(logits.subspan(i * outputs, outputs));
    ++seen_[labels[i]];
    silent_[labels[i]] += least == most ? 1 : 0;
  }
}

EpochReport MaskedTrainer::take_report(double loss) {
  EpochReport report{loss, 0};
  for (std::size_t i = 0; i < seen_.size(); ++i)
    if (seen_[i] > 0)
      report.silent = std::max(report.silent, static_cast<double>(silent_[i]) / static_cast<double>(seen_[i]));
  seen_.clear();
  silent_.clear();
  return report;
}

TaskRecord MaskedTrainer::record(std::uint32_t place, bool with_values) const {
  TaskRecord record;
  record.classes = task_.classes;
  record.examples = task_.size();
  record.place = place;
  record.statistics = statistics_of(plan_.parameters());
  for (const auto& weight : layers_) {
    LayerMask& layer = record.layers.emplace_back();
    layer.kept = weight->mask();
    if (with_values) layer.values = kept_values(weight->weights(), layer.kept);
    layer.ranks = ranks_of(weight->scores(), layer.kept);
  }
  record.check(base_, "what was learned");
  return record;
}

TrainingState MaskedTrainer::state() const {
  TrainingState state;
  for (const auto& layer : layers_) state.weights.push_back(layer->weights());
  state.statistics = statistics_of(plan_.parameters());
  return state;
}

}  // namespace outrider
