#include "learners/supermask/training.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/random.h"
#include "learners/supermask/masked_trainer.h"

namespace outrider {
namespace {

constexpr std::string_view kMaskPhase = "mask search";
constexpr std::string_view kWeightPhase = "weight training";
constexpr std::string_view kRebasePhase = "rebasing";

void expect_of_training(bool holds, const std::string& sentence) {
  if (!holds) throw InputError("learning a task takes " + sentence);
}

bool is_rate(float rate) {
  return std::isfinite(rate) && rate > 0;
}

float score_bound(const nn::TensorSpec& tensor) {
  return static_cast<float>(1.0 / std::sqrt(tensor.fan_in()));
}

float with_random_sign(float magnitude, Random& random) {
  return (random() & 1U) != 0 ? magnitude : -magnitude;
}

std::vector<float> scores_of_mask(const LayerMask& mask, float bound, Random random) {
  const auto share = static_cast<float>(mask.count()) / static_cast<float>(mask.kept.size());
  std::vector<float> scores(mask.kept.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    float magnitude = 0;
    if (mask.kept[i] == 0) {
      magnitude = 0.99F * (1 - share) * random.uniform();  // clearly below those that are kept
    } else {
      const float rank =
          mask.ranks.empty() ? random.uniform() : (static_cast<float>(mask.ranks[kept]) + 0.5F) / kRankLevels;
      magnitude = 1 - share * rank;
      ++kept;
    }
    scores[i] = with_random_sign(bound * magnitude, random);
  }
  return scores;
}

LayerFlags free_of(const Ownership& known) {
  LayerFlags free = known.owned();
  for (auto& layer : free)
    for (std::uint8_t& flag : layer) flag ^= 1;
  return free;
}

// A mask through which nothing of a class reaches the outputs guesses there, and has no gradient that would move it: it
// is dead. So is one whose loss is that of guessing; the share leaves room for masks that have hardly begun to learn.
constexpr double kDeadShare = 0.5;
constexpr double kDeadLoss = 0.98;
// Pictures that cannot be told apart look the same, so searching anew has an end.
constexpr std::size_t kMostSearches = 4;

// Of who knows nothing of the pictures but how many there are of each class.
double loss_of_chance(const Dataset& task) {
  std::vector<double> pictures(task.classes.size());
  for (const std::uint32_t label : task.labels) ++pictures.at(label);
  const auto all = static_cast<double>(task.size());
  double loss = 0;
  for (const double count : pictures)
    if (count > 0) loss -= count / all * std::log(count / all);
  return loss;
}

// Adam moves every score by about the rate in each of its first steps. The scores that a mask keeps lie close together
// where it keeps few: a rate far above their range would choose the mask anew in every step, until one is dead. Four
// times the range is the rate of 0.01 at a density of 0.07 in a layer that reads 784 values, and leaves it there above.
std::vector<float> gentle_rates(const BaseNetwork& base, const Scores& scores) {
  constexpr float kRanges = 4;
  const auto kept = kept_counts(base);
  std::vector<float> rates;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    float largest = 0;
    for (const float score : scores[i]) largest = std::max(largest, std::abs(score));
    const float range = largest * static_cast<float>(kept[i]) / static_cast<float>(scores[i].size());
    rates.push_back(kRanges * range);
  }
  return rates;
}

// 0 stays 0: the phase is left out.
std::size_t epochs_of(std::size_t epochs, const MaskedTrainer& trainer, const MaskTraining& options) {
  const std::size_t steps = std::max<std::size_t>(trainer.steps_per_epoch(), 1);
  return epochs == 0 ? 0 : std::max(epochs, (options.least_steps + steps - 1) / steps);
}

MaskedTrainer::StepDone step_done(const MaskTraining& options) {
  if (!options.after_step) return {};
  return [&options](std::uint64_t) { options.after_step(); };
}

// The record's values on its mask, but the owners' where there is one.
LayerValues rebased_weights(const Ownership& known, const TaskRecord& record) {
  LayerValues weights = known.weights();
  for (std::size_t layer = 0; layer < weights.size(); ++layer) {
    const LayerMask& mask = record.layers[layer];
    mask.for_each_kept([&](std::size_t i, std::size_t number) {
      if (known.owned()[layer][i] == 0) weights[layer][i] = mask.values[number];
    });
  }
  return weights;
}

}  // namespace

void MaskTraining::check() const {
  expect_of_training(batch > 0, "batches of 1 picture or more");
  expect_of_training(mask_epochs > 0, "1 epoch of mask search or more");
  expect_of_training(is_rate(mask_rate) && is_rate(weight_rate), "learning rates above 0");
  expect_of_training(threads >= 0, "0 threads (one per processor) or more");
}

Scores random_scores(const BaseNetwork& base, std::uint64_t seed) {
  Scores scores;
  for (const nn::TensorSpec& tensor : base.weight_tensors()) {
    Random random(seed, "scores", tensor.layer);
    const float bound = score_bound(tensor);
    std::vector<float>& layer = scores.emplace_back(tensor.size());
    for (float& score : layer) score = bound * (2 * random.uniform() - 1);
  }
  return scores;
}

Scores scores_of_task(const BaseNetwork& base, const TaskRecord& record, std::uint64_t seed) {
  const auto tensors = base.weight_tensors();
  Scores scores;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    scores.push_back(
        scores_of_mask(record.layers[i], score_bound(tensors[i]), Random(seed, "scores of a task", tensors[i].layer)));
  return scores;
}

TaskRecord learn_task(const BaseNetwork& base, const Ownership& known, const Dataset& task, const Scores& start,
                      const MaskTraining& options, const EpochDone& done) {
  options.check();
  Scores scores = start;
  for (std::size_t attempt = 1;; ++attempt) {
    MaskedTrainer trainer(base, task, known.weights(), scores, kept_counts(base),
                          {options.batch, options.seed, options.threads});
    const std::size_t mask_epochs = epochs_of(options.mask_epochs, trainer, options);
    const std::size_t weight_epochs = epochs_of(options.weight_epochs, trainer, options);
    const std::size_t all = mask_epochs + weight_epochs;
    const double chance = loss_of_chance(task);
    const auto is_dead = [&](std::size_t epochs, const EpochReport& report) {
      return attempt < kMostSearches && 2 * epochs >= mask_epochs &&
             (report.silent > kDeadShare || report.loss >= kDeadLoss * chance);
    };
    if (!trainer.train({mask_epochs, options.mask_rate, kMaskPhase, 0, all, false, gentle_rates(base, scores)}, done,
                       step_done(options), is_dead)) {
      scores = random_scores(base, Random(options.seed, "search anew", 0, attempt)());
      continue;
    }
    if (weight_epochs > 0) {
      trainer.learn_weights(free_of(known));
      trainer.train({weight_epochs, options.weight_rate, kWeightPhase, mask_epochs, all}, done, step_done(options));
    }
    return trainer.record(known.next_place(), options.weight_epochs > 0);
  }
}

TaskRecord rebase(const BaseNetwork& base, const Ownership& known, const TaskRecord& record, const Dataset& task,
                  const MaskTraining& options, const EpochDone& done) {
  options.check();
  TaskRecord rebased = record;
  rebased.place = known.next_place();
  if (!record.has_values()) return rebased;  // it trained nothing that others could own
  MaskedTrainer trainer(base, task, rebased_weights(known, record), scores_of_task(base, record, options.seed),
                        kept_counts(record), {options.batch, options.seed, options.threads});
  trainer.load_statistics(record.statistics);
  trainer.learn_weights(free_of(known));
  const std::size_t epochs = epochs_of(options.weight_epochs, trainer, options);
  trainer.train({epochs, options.weight_rate, kRebasePhase, 0, epochs}, done, step_done(options));
  rebased = trainer.record(known.next_place(), true);
  for (std::size_t i = 0; i < rebased.layers.size(); ++i) rebased.layers[i].ranks = record.layers[i].ranks;
  return rebased;
}

}  // namespace outrider
