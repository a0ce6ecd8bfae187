#include "simulations/fine_tuning.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/random.h"

namespace outrider::simulations {
namespace {

// Pictures as the network reads them, with the number of their output.
struct Examples {
  std::vector<float> inputs;  // n x input size
  std::vector<std::uint32_t> outputs;
  std::size_t size() const { return outputs.size(); }
};

void append(Examples& examples, const Dataset& pool, const std::vector<std::size_t>& pictures, std::uint32_t output,
            const Preprocessing& preprocessing) {
  const Dataset resized = resize(select(pool, pictures), preprocessing.input);
  const std::size_t begin = examples.inputs.size();
  examples.inputs.resize(begin + resized.pixels.size());
  preprocess(resized.pixels, pixel_values(preprocessing), std::span(examples.inputs).subspan(begin));
  examples.outputs.insert(examples.outputs.end(), pictures.size(), output);
}

nn::NetworkSpec with_head(nn::NetworkSpec network, std::size_t classes) {
  network.layers.emplace_back(nn::FullyConnected{.channels = static_cast<std::int64_t>(classes)});
  return network;
}

// The encoder's parameters below a new head.
nn::Parameters with_head(const Encoder& encoder, const nn::NetworkSpec& network, std::uint64_t seed) {
  nn::Parameters parameters = nn::Parameters::initial(network, seed);
  std::ranges::copy(encoder.parameters.tensors, parameters.tensors.begin());
  return parameters;
}

class Tuning {
 public:
  Tuning(const Scenario& scenario, const Encoder& encoder, std::size_t classes, int threads,
         const std::function<void()>& poll)
      : options_(scenario.fine_tuning),
        seed_(scenario.seed),
        preprocessing_(encoder.preprocessing),
        classes_(classes),
        plan_(with_head(encoder.network, classes), options_.batch, threads),
        poll_(poll) {
    plan_.load(with_head(encoder, plan_.spec(), seed_));
  }

  const Preprocessing& preprocessing() const { return preprocessing_; }

  void train(const Examples& examples, std::size_t step) {
    nn::Optimizer optimizer(plan_, {.method = nn::Method::kSgd});
    std::vector<std::size_t> order(examples.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t epoch = 0; epoch < options_.epochs; ++epoch) {
      Random(seed_, "fine-tuning", step, epoch).shuffle(std::span(order));
      for (std::size_t begin = 0; begin < order.size(); begin += options_.batch)
        train_batch(examples, order, begin, optimizer);
    }
  }

  std::size_t correct(const Examples& tests) {
    nn::InferencePlan inference(plan_.spec(), plan_.parameters(), plan_.threads());
    std::vector<float> logits(tests.size() * classes_);
    inference.forward(tests.inputs, logits);
    return nn::count_correct(logits, tests.outputs);
  }

 private:
  // The plan's batch is fixed: the last batch of an epoch is filled up from the beginning of the order.
  void train_batch(const Examples& examples, const std::vector<std::size_t>& order, std::size_t begin,
                   nn::Optimizer& optimizer) {
    if (poll_) poll_();
    const std::size_t size = plan_.spec().input.size();
    labels_.resize(options_.batch);
    for (std::size_t i = 0; i < options_.batch; ++i) {
      const std::size_t example = order[(begin + i) % order.size()];
      const auto from = examples.inputs.begin() + static_cast<std::ptrdiff_t>(example * size);
      std::copy_n(from, size, plan_.input().begin() + static_cast<std::ptrdiff_t>(i * size));
      labels_[i] = examples.outputs[example];
    }
    nn::softmax_cross_entropy(plan_.forward(), labels_, plan_.output_gradient());
    plan_.backward();
    optimizer.step(options_.learning_rate);
  }

  FineTuning options_;
  std::uint64_t seed_;
  Preprocessing preprocessing_;
  std::size_t classes_;
  nn::TrainingPlan plan_;
  std::vector<std::uint32_t> labels_;
  const std::function<void()>& poll_;
};

}  // namespace

std::vector<double> fine_tune_in_sequence(const Scenario& scenario, const Mission& mission, const Encoder& encoder,
                                          int threads, const std::function<void()>& advanced,
                                          const std::function<void()>& poll) {
  const std::size_t base = mission.base_classes.size();
  Tuning tuning(scenario, encoder, base + mission.new_classes.size(), threads, poll);
  Examples tests;
  Examples base_examples;
  for (std::uint32_t output = 0; output < base; ++output) {
    const BaseClass& known = mission.base_classes[output];
    const std::size_t count = std::min(scenario.mission.shots, known.examples.size());
    append(base_examples, mission.base, {known.examples.begin(), known.examples.begin() + static_cast<long>(count)},
           output, tuning.preprocessing());
    append(tests, mission.test_pool, known.tests, output, tuning.preprocessing());
  }
  if (base > 0) tuning.train(base_examples, scenario.mission.steps);
  std::vector<double> accuracies;
  for (std::size_t step = 0; step < scenario.mission.steps; ++step) {
    // Client after client, as if one model travelled among them.
    for (std::size_t client = 0; client < scenario.mission.clients; ++client) {
      Examples support;
      for (std::uint32_t i = 0; i < mission.new_classes.size(); ++i) {
        const NewClass& added = mission.new_classes[i];
        if (added.step != step || added.client != client) continue;
        const auto output = static_cast<std::uint32_t>(base + i);
        append(support, mission.support_pool, added.support, output, tuning.preprocessing());
        append(tests, mission.test_pool, added.tests, output, tuning.preprocessing());
      }
      if (support.size() > 0) tuning.train(support, step * scenario.mission.clients + client);
    }
    accuracies.push_back(static_cast<double>(tuning.correct(tests)) / static_cast<double>(tests.size()));
    if (advanced) advanced();
  }
  return accuracies;
}

}  // namespace outrider::simulations
