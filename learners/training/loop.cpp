#include "learners/training/loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "knowledge/error.h"
#include "learners/nn/loss.h"

namespace outrider::training {
namespace {

// The loss alone does not tell: ReLU can turn a NaN into 0.
void require_finite_training(double loss, const Trainee& trainee, const Hooks& hooks) {
  if (std::isfinite(loss) && std::isfinite(nn::gradient_norm(trainee.trainables))) return;
  if (hooks.diverged) hooks.diverged();
  throw InputError("training diverged: its numbers are no longer finite; a lower learning rate may help");
}

}  // namespace

Loss cross_entropy() {
  return nn::softmax_cross_entropy;
}

Loss cross_entropy(std::vector<std::uint32_t> output_of) {
  return with_outputs(std::move(output_of), cross_entropy());
}

Loss with_outputs(std::vector<std::uint32_t> output_of, Loss loss) {
  return [output_of = std::move(output_of), loss = std::move(loss), outputs = std::vector<std::uint32_t>()](
             std::span<const float> output, std::span<const std::uint32_t> labels, std::span<float> gradient) mutable {
    outputs.resize(labels.size());
    std::ranges::transform(labels, outputs.begin(), [&](std::uint32_t label) { return output_of.at(label); });
    return loss(output, outputs, gradient);
  };
}

std::uint64_t step_count(std::uint64_t steps, std::uint64_t epochs, const BatchSource& source) {
  return steps > 0 ? steps : epochs * source.per_epoch;
}

Outcome train(const Trainee& trainee, const BatchSource& source, const Loss& loss, Descent& descent,
              const Course& course, const Hooks& hooks) {
  double sum = 0;
  double epoch_sum = 0;
  const auto outcome = [&](std::uint64_t steps, bool finished) {
    return Outcome{sum / static_cast<double>(std::max<std::uint64_t>(steps, 1)), steps, finished};
  };
  for (std::uint64_t step = 0; step < course.steps;) {
    if (hooks.before_step) hooks.before_step();
    const Batch& batch = source.next();
    const double found = loss(trainee.forward(batch.input), batch.labels, trainee.output_gradient());
    sum += found;
    epoch_sum += found;
    trainee.backward();
    if (course.look == Look::kEveryStep) require_finite_training(sum, trainee, hooks);
    if (hooks.correct) hooks.correct();
    descent.step(course.done + step++);
    const bool go_on = !hooks.step_done || hooks.step_done(step, course.steps);
    if (step % source.per_epoch == 0) {
      if (course.look == Look::kEveryEpoch) require_finite_training(0, trainee, hooks);
      const Epoch epoch{step / source.per_epoch, source.per_epoch, epoch_sum / static_cast<double>(source.per_epoch)};
      epoch_sum = 0;
      if (hooks.epoch_done && !hooks.epoch_done(epoch)) return outcome(step, false);
    }
    if (!go_on) return outcome(step, false);
  }
  return outcome(course.steps, true);
}

}  // namespace outrider::training
