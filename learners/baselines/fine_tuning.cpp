#include "learners/baselines/fine_tuning.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "knowledge/error.h"
#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/random.h"
#include "learners/training/loop.h"

namespace outrider::baselines {
namespace {

nn::NetworkSpec with_head(nn::NetworkSpec network, std::size_t outputs) {
  network.layers.emplace_back(nn::FullyConnected{.channels = static_cast<std::int64_t>(outputs)});
  return network;
}

// The encoder's parameters below a new head.
nn::Parameters with_head(const Encoder& encoder, const nn::NetworkSpec& network, std::uint64_t seed) {
  nn::Parameters parameters = nn::Parameters::initial(network, seed);
  std::ranges::copy(encoder.parameters.tensors, parameters.tensors.begin());
  return parameters;
}

// Batches of all examples: the last of an epoch is filled up from the beginning of its order.
class FilledBatches {
 public:
  FilledBatches(const Examples& examples, const HeadTuning& options, std::size_t step)
      : examples_(examples), options_(options), step_(step), order_(examples.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    batch_.input.resize(options.batch * input_size());
    batch_.labels.resize(options.batch);
  }

  training::BatchSource source() {
    return {[this]() -> const Batch& { return next(); }, (examples_.size() + options_.batch - 1) / options_.batch};
  }

 private:
  std::size_t input_size() const { return examples_.inputs.size() / examples_.size(); }

  const Batch& next() {
    if (begin_ == 0) Random(options_.seed, "fine-tuning", step_, epoch_++).shuffle(std::span(order_));
    const std::size_t size = input_size();
    for (std::size_t i = 0; i < options_.batch; ++i) {
      const std::size_t example = order_[(begin_ + i) % order_.size()];
      const auto from = examples_.inputs.begin() + static_cast<std::ptrdiff_t>(example * size);
      std::copy_n(from, size, batch_.input.begin() + static_cast<std::ptrdiff_t>(i * size));
      batch_.labels[i] = examples_.outputs[example];
    }
    begin_ += options_.batch;
    if (begin_ >= order_.size()) begin_ = 0;
    return batch_;
  }

  const Examples& examples_;
  HeadTuning options_;
  std::size_t step_;
  std::vector<std::size_t> order_;
  std::size_t begin_ = 0;
  std::size_t epoch_ = 0;
  Batch batch_;
};

}  // namespace

void Examples::append(const Dataset& pool, const std::vector<std::size_t>& pictures, std::uint32_t output,
                      const Preprocessing& preprocessing) {
  const Dataset resized = resize(select(pool, pictures), preprocessing.input);
  const std::size_t begin = inputs.size();
  inputs.resize(begin + resized.pixels.size());
  preprocess(resized.pixels, pixel_values(preprocessing), std::span(inputs).subspan(begin));
  outputs.insert(outputs.end(), pictures.size(), output);
}

FineTunedHead::FineTunedHead(const Encoder& encoder, std::size_t outputs, const HeadTuning& options,
                             std::function<void()> poll)
    : options_(options),
      preprocessing_(encoder.preprocessing),
      plan_(with_head(encoder.network, outputs), options.batch, options.threads),
      poll_(std::move(poll)) {
  plan_.load(with_head(encoder, plan_.spec(), options.seed));
}

void FineTunedHead::train(const Examples& examples, std::size_t step) {
  FilledBatches batches(examples, options_, step);
  const training::BatchSource source = batches.source();
  training::Descent descent(plan_.trainables(), {}, {options_.rate, 0, nn::ConstantRate{}}, plan_.threads());
  training::train(training::trainee_of(plan_), source, training::cross_entropy(), descent,
                  {training::step_count(0, options_.epochs, source), training::Look::kEveryEpoch},
                  {.before_step = poll_, .diverged = [] {
                     throw InputError(
                         "training of the fine-tuned network diverged: its numbers are no longer finite; a lower "
                         "learning rate may help");
                   }});
}

std::size_t FineTunedHead::correct(const Examples& tests) const {
  nn::InferencePlan inference(plan_.spec(), plan_.parameters(), plan_.threads());
  std::vector<float> logits(tests.size() * inference.output_size());
  inference.forward(tests.inputs, logits);
  return nn::count_correct(logits, tests.outputs);
}

}  // namespace outrider::baselines
