#include "learners/averaging/local_training.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/gradient_correction.h"
#include "learners/encoders/batches.h"
#include "learners/nn/loss.h"
#include "learners/random.h"
#include "learners/surgery/narrow.h"
#include "learners/training/loop.h"
#include "learners/training/training_cost.h"

namespace outrider::averaging {
namespace {

// A client's id as a key of random numbers.
std::uint64_t client_number(const ClientId& client) {
  std::uint64_t number = 0;
  std::memcpy(&number, client.bytes.data(), sizeof number);
  return number;
}

std::uint64_t round_seed(const LearningTask& task, std::string_view purpose, const ClientId& client,
                         std::uint64_t round) {
  Random random(task.seed, purpose, client_number(client), round);
  const std::uint64_t high = random();
  return high << 32U | random();
}

// The output of the network for each class of the pictures.
std::vector<std::uint32_t> outputs_of_classes(const LearningTask& task, const Dataset& pictures) {
  require(pictures.size() > 0, "a client has no pictures to learn from");
  std::vector<std::uint32_t> outputs;
  for (const std::string& name : pictures.classes) {
    const auto found = std::ranges::find(task.classes, name);
    require(found != task.classes.end(),
            fmt::format("a client has pictures of '{}', which is none of the task's classes", name));
    outputs.push_back(static_cast<std::uint32_t>(found - task.classes.begin()));
  }
  for (const std::uint32_t label : pictures.labels)
    require(label < outputs.size(),
            fmt::format("a client has a picture of class {}; its pictures have {}", label, outputs.size()));
  return outputs;
}

// A flag for each output: whether the client has pictures of its class.
std::vector<std::uint8_t> classes_present(const LearningTask& task, const Dataset& pictures,
                                          const std::vector<std::uint32_t>& output_of) {
  std::vector<std::uint8_t> present(task.classes.size());
  for (const std::uint32_t label : pictures.labels) present[output_of[label]] = 1;
  return present;
}

// What was given and what is kept, checked; control variates that do not exist yet are zero.
struct Start {
  nn::Parameters weights;
  nn::Parameters control;      // c
  nn::Parameters own_control;  // c_i
};

nn::Parameters zeros(const std::vector<nn::TensorSpec>& tensors) {
  nn::Parameters parameters;
  for (const nn::TensorSpec& tensor : tensors)
    parameters.tensors.push_back({tensor, std::vector<float>(tensor.size())});
  return parameters;
}

Start start_of(const LearningTask& task, const ServerState& given, const ClientState& own) {
  given.weights.check(task.network);
  const auto controlled = controlled_tensors(task.network, task.strategy);
  check_tensors(given.control, controlled, "the server's control variate");
  Start start{given.weights, given.control, own.control};
  if (own.control.tensors.empty()) start.own_control = zeros(controlled);
  check_tensors(start.own_control, controlled, "the client's control variate");
  if (!own.local.tensors.empty())
    check_tensors(own.local, local_tensors(task.network, task.strategy), "the client's normalisation");
  start.weights = personal_weights(given, own);
  start.weights.check(task.network);
  return start;
}

Diverged local_training_diverged(std::uint64_t round, const Strategy& strategy) {
  return Diverged(fmt::format("training for round {} diverged: its numbers are no longer finite; {}", round,
                              advice_on_divergence(strategy)));
}

// learned - given, of the shared tensors.
nn::Parameters difference(const nn::Parameters& learned, const nn::Parameters& given,
                          const std::vector<nn::TensorSpec>& tensors) {
  nn::Parameters delta;
  for (const nn::TensorSpec& tensor : tensors) {
    const std::vector<float>& to = learned.at(tensor.name).values;
    const std::vector<float>& from = given.at(tensor.name).values;
    nn::Tensor& made = delta.tensors.emplace_back(nn::Tensor{tensor, std::vector<float>(to.size())});
    for (std::size_t i = 0; i < to.size(); ++i) made.values[i] = to[i] - from[i];
  }
  return delta;
}

// Karimireddy et al. 2020, option II: -c - delta / (steps * rate), which is how c_i changes.
nn::Parameters control_change(const Start& start, const nn::Parameters& delta, double steps_times_rate) {
  nn::Parameters change = start.control;
  for (nn::Tensor& tensor : change.tensors) {
    const std::vector<float>& moved = delta.at(tensor.spec.name).values;
    for (std::size_t i = 0; i < moved.size(); ++i)
      tensor.values[i] =
          static_cast<float>(-static_cast<double>(tensor.values[i]) - static_cast<double>(moved[i]) / steps_times_rate);
  }
  return change;
}

nn::Parameters sum(nn::Parameters a, const nn::Parameters& b) {
  for (std::size_t t = 0; t < a.tensors.size(); ++t)
    for (std::size_t i = 0; i < a.tensors[t].values.size(); ++i) a.tensors[t].values[i] += b.tensors[t].values[i];
  return a;
}

struct Trained {
  nn::Parameters weights;
  double loss = 0;
  std::uint64_t steps = 0;
  double operations = 0;
};

// Trains the weights `from`, corrected by what was given and is kept. `purpose` keys what is drawn.
Trained train(const LearningTask& task, const Start& start, const nn::Parameters& from, std::string_view purpose,
              std::uint64_t round, const Dataset& pictures, const LocalTraining& options,
              const training::StepDone& done) {
  const auto output_of = outputs_of_classes(task, pictures);
  nn::TrainingPlan plan(task.network, std::min(task.work.batch, pictures.size()), options.threads);
  plan.load(start.weights);
  const std::uint64_t seed = round_seed(task, purpose, options.client, round);
  plan.set_dropout_key({seed, client_number(options.client), 0});
  const GradientCorrection correction(plan, task.strategy, start.control, start.own_control);
  plan.load(from);
  Batches batches(pictures, task.preprocessing,
                  {.size = plan.batch(),
                   .seed = seed,
                   .client = client_number(options.client),
                   .augmentation = options.augmentation});
  const training::BatchSource source = training::source_of(batches);
  training::Descent descent(plan.trainables(), options.optimizer, {task.work.rate, 0, nn::ConstantRate{}},
                            plan.threads());
  training::Loss loss = training::cross_entropy();
  if (task.work.masked)
    loss = [counted = classes_present(task, pictures, output_of)](const auto& logits, const auto& labels,
                                                                  const auto& gradient) {
      return nn::masked_cross_entropy(logits, labels, counted, gradient);
    };
  const training::Outcome outcome =
      training::train(training::trainee_of(plan), source, training::with_outputs(output_of, loss), descent,
                      {training::step_count(task.work.steps, task.work.epochs, source)},
                      {.correct = [&] { correction.add(); },
                       .step_done = done,
                       .diverged = [&] { throw local_training_diverged(round, task.strategy); }});
  require(outcome.finished, "training for a round was stopped");
  const double samples = static_cast<double>(outcome.steps) * static_cast<double>(plan.batch());
  return {plan.parameters(), outcome.loss, outcome.steps, training::training_operations(task.network, samples)};
}

// The narrower part that the client goes on with in this round; nothing if nobody trains any.
std::optional<double> drawn_part(const LearningTask& task, std::uint64_t round, const LocalTraining& options) {
  std::vector<double> narrower;
  for (const double part : options.parts)
    if (part < options.width) narrower.push_back(part);
  if (!task.work.nested || narrower.empty()) return std::nullopt;
  Random random(task.seed, "narrower part", client_number(options.client), round);
  return narrower[random.below(static_cast<std::uint32_t>(narrower.size()))];
}

// Goes on with a part of what was trained.
void train_part(const LearningTask& whole_task, double part, const Start& start, Trained& trained, std::uint64_t round,
                const Dataset& pictures, const LocalTraining& options, const training::StepDone& done) {
  LearningTask task = whole_task;
  task.network = surgery::narrow_network(whole_task.network, part);
  const auto part_of = [&](const nn::Parameters& parameters) {
    return surgery::narrower_parameters(whole_task.network, options.width, parameters, part);
  };
  const Start given{part_of(start.weights), {}, {}};
  Trained learned = train(task, given, part_of(trained.weights), "training of a part", round, pictures, options, done);
  const auto shared = shared_tensors(task.network, task.strategy);
  std::erase_if(learned.weights.tensors, [&](const nn::Tensor& tensor) {
    return !tensor.spec.trainable() || std::ranges::find(shared, tensor.spec) == shared.end();
  });
  surgery::put_back(whole_task.network, part, learned.weights, options.width, trained.weights);
  trained.operations += learned.operations;
}

}  // namespace

LocalResult train_locally(const LearningTask& whole_task, const ServerState& given, const ClientState& own,
                          const Dataset& pictures, const LocalTraining& options, const training::StepDone& done) {
  whole_task.check();
  require(!whole_task.strategy.scaffold ||
              (options.optimizer.method == nn::Method::kSgd && options.optimizer.momentum == 0),
          "scaffold reads gradients off the way that weights go; expected plain SGD without momentum");
  LearningTask task = whole_task;
  task.network = surgery::narrow_network(whole_task.network, options.width);
  const Start start = start_of(task, given, own);
  Trained trained = train(task, start, start.weights, "local training", given.round, pictures, options, done);
  if (const auto part = drawn_part(task, given.round, options))
    train_part(whole_task, *part, start, trained, given.round, pictures, options, done);
  const auto shared = shared_tensors(task.network, task.strategy);
  LocalResult result{{options.client,
                      given.round,
                      pictures.size(),
                      difference(trained.weights, start.weights, shared),
                      {},
                      options.width},
                     {},
                     trained.loss,
                     trained.steps,
                     trained.operations};
  if (task.strategy.scaffold) {
    result.update.control = control_change(start, result.update.delta,
                                           static_cast<double>(trained.steps) * static_cast<double>(task.work.rate));
    result.own.control = sum(start.own_control, result.update.control);
  }
  for (const nn::TensorSpec& tensor : local_tensors(task.network, task.strategy))
    result.own.local.tensors.push_back(trained.weights.at(tensor.name));
  try {
    check_content(result.update, whole_task.network, task.strategy, "what was learned");
  } catch (const InputError&) {
    throw local_training_diverged(given.round, task.strategy);
  }
  return result;
}

nn::Parameters personal_weights(const ServerState& given, const ClientState& own) {
  nn::Parameters weights = given.weights;
  for (const nn::Tensor& tensor : own.local.tensors) weights.at(tensor.spec.name) = tensor;
  return weights;
}

}  // namespace outrider::averaging
