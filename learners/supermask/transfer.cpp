#include "learners/supermask/transfer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "knowledge/error.h"
#include "learners/encoders/embedder.h"
#include "learners/random.h"
#include "learners/supermask/masked_trainer.h"
#include "learners/supermask/neighbours.h"

namespace outrider {
namespace {

void expect_of_transfer(bool holds, const std::string& sentence) {
  if (!holds) throw InputError("looking for a task to start from takes " + sentence);
}

// The network up to what its last layer with weights reads, as a vector.
nn::NetworkSpec without_last_layer(const BaseNetwork& base) {
  const auto tensors = base.weight_tensors();
  const std::size_t last = tensors.back().layer;
  if (!std::holds_alternative<nn::FullyConnected>(base.network.layers[last]))
    throw InputError("the base network's last layer with weights is not fully connected; features are what one reads");
  nn::NetworkSpec network = base.network;
  network.layers.resize(last);
  network.layers.emplace_back(nn::Flatten{});  // a network has at least one layer
  return network;
}

// Of the layers that the truncated network has: a network's tensors are in layer order.
nn::Parameters first_tensors(nn::Parameters parameters, const nn::NetworkSpec& truncated) {
  parameters.tensors.resize(nn::network_tensors(truncated).size());
  return parameters;
}

// The pictures that are looked at, in random order.
std::vector<std::size_t> draw_pictures(const Dataset& task, const TransferOptions& options) {
  std::vector<std::size_t> indices(task.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  Random(options.seed, "transfer").shuffle(std::span(indices));
  const auto wanted = static_cast<std::size_t>(std::llround(options.share * static_cast<double>(task.size())));
  indices.resize(std::clamp<std::size_t>(wanted, std::min<std::size_t>(2, task.size()), task.size()));
  return indices;
}

std::size_t reference_count(std::size_t looked_at, const TransferOptions& options) {
  const auto wanted = static_cast<std::size_t>(std::llround(options.reference * static_cast<double>(looked_at)));
  return std::clamp<std::size_t>(wanted, 1, looked_at - 1);
}

// What the last layer reads for some pictures, under one task's mask after the other. Refers to base, pictures and
// indices.
class FeaturesOfTasks {
 public:
  FeaturesOfTasks(const BaseNetwork& base, const Dataset& pictures, std::span<const std::size_t> indices, int threads)
      : base_(base),
        pictures_(pictures),
        indices_(indices),
        base_values_(base.weight_values()),
        pixels_(pixel_values(base.preprocessing)),
        network_(without_last_layer(base)),
        plan_(network_, nn::Parameters::initial(network_, 0), threads),
        features_(indices.size() * plan_.output_size()) {}

  // Row after row; valid until the next call.
  std::span<const float> under(const TaskRecord& record) {
    plan_.load(first_tensors(masked_parameters(base_, base_values_, record), network_));
    plan_.forward(
        indices_.size(),
        [&](std::size_t i, std::span<float> input) { preprocess(pictures_.image(indices_[i]), pixels_, input); },
        features_);
    return features_;
  }

 private:
  const BaseNetwork& base_;
  const Dataset& pictures_;
  std::span<const std::size_t> indices_;
  std::vector<std::vector<float>> base_values_;
  std::array<float, 256> pixels_;
  nn::NetworkSpec network_;
  nn::InferencePlan plan_;
  std::vector<float> features_;
};

// The share of the pictures after the first `known` that the neighbours among those say right.
double accuracy_of_neighbours(std::span<const float> features, std::span<const std::uint32_t> labels, std::size_t known,
                              std::size_t neighbours) {
  const std::size_t dimension = features.size() / labels.size();
  const auto said = classes_of_neighbours({features.first(known * dimension), labels.first(known)},
                                          features.subspan(known * dimension), neighbours);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < said.size(); ++i) correct += said[i] == labels[known + i] ? 1 : 0;
  return static_cast<double>(correct) / static_cast<double>(said.size());
}

}  // namespace

void TransferOptions::check() const {
  expect_of_transfer(share > 0 && share <= 1, "a share of the pictures above 0 and at most 1");
  expect_of_transfer(reference > 0 && reference < 1, "a part of known labels between 0 and 1");
  expect_of_transfer(neighbours > 0, "1 neighbour or more");
  expect_of_transfer(threads >= 0, "0 threads (one per processor) or more");
}

std::optional<Transfer> best_transfer(const BaseNetwork& base, const NamedTasks& known, const Dataset& task,
                                      const TransferOptions& options) {
  options.check();
  check_task(base, task);
  if (known.empty() || task.size() < 2) return std::nullopt;
  const std::vector<std::size_t> indices = draw_pictures(task, options);
  std::vector<std::uint32_t> labels;
  for (const std::size_t index : indices) labels.push_back(task.labels[index]);

  FeaturesOfTasks features(base, task, indices, options.threads);
  Transfer best{0, 1.0 / static_cast<double>(task.classes.size())};
  bool found = false;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const double accuracy = accuracy_of_neighbours(features.under(known[i].second), labels,
                                                   reference_count(indices.size(), options), options.neighbours);
    if (accuracy <= best.accuracy) continue;
    best = {i, accuracy};
    found = true;
  }
  return found ? std::optional(best) : std::nullopt;
}

}  // namespace outrider
