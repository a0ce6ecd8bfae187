#include "learners/growing/mixture_plan.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <string_view>

#include "knowledge/error.h"

namespace outrider::growing {
namespace {

nn::TrainingOptions options_for(const LearningPieces& pieces, const nn::MemoryBudget& budget) {
  return {pieces.norms ? nn::StatisticsSource::kBatch : nn::StatisticsSource::kRunning, budget};
}

const MixtureNetwork& checked(const MixtureNetwork& network) {
  network.check("a network to be trained");
  return network;
}

// The number after a mark in the name of what a mixed weight trains: "3.weight.coefficients.2".
std::size_t number_after(std::string_view name, std::string_view mark) {
  const std::string_view digits = name.substr(name.find(mark) + mark.size());
  std::size_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace

MixturePlan::MixturePlan(const MixtureNetwork& network, std::size_t batch, int threads, const LearningPieces& pieces,
                         const nn::MemoryBudget& budget)
    : form_(checked(network).form),
      layout_(layout_of(form_)),
      pieces_(pieces),
      weights_(network),
      plan_(layout_.network, batch, threads, options_for(pieces, budget)),
      derived_(plan_) {
  plan_.load(network.weights());
  for (std::size_t t = 0; t < layout_.mixed.size(); ++t)
    derived_.derive(layout_.mixed[t].whole.name, *weights_.mixed()[t]);
}

std::span<const float> MixturePlan::forward(std::span<const float> input) {
  assert(input.size() == plan_.input().size());
  std::ranges::copy(input, plan_.input().begin());
  return derived_.forward();
}

bool MixturePlan::learns(const nn::Trainable& trainable) const {
  constexpr std::string_view kCoefficients = ".coefficients.";
  const std::string_view name = trainable.spec.name;
  if (name.find(kCoefficients) != std::string_view::npos) {
    const std::size_t block = number_after(name, kCoefficients);
    return block / form_.parts == block % form_.parts ? pieces_.parts : pieces_.crossings;
  }
  if (trainable.spec.layer + 1 == layout_.network.layers.size()) return pieces_.head;
  const bool norm = trainable.spec.role == nn::TensorRole::kGamma || trainable.spec.role == nn::TensorRole::kBeta;
  return norm ? pieces_.norms : pieces_.parts;
}

std::vector<nn::Trainable> MixturePlan::trainables() {
  std::vector<nn::Trainable> all = derived_.trainables();
  std::erase_if(all, [this](const nn::Trainable& trainable) { return !learns(trainable); });
  return all;
}

MixtureNetwork MixturePlan::network() const {
  MixtureNetwork network{form_, weights_.templates(), weights_.coefficients(), {}};
  const nn::Parameters now = plan_.parameters();
  for (const PlainTensor& tensor : layout_.plain) network.plain.tensors.push_back(now.at(tensor.whole.name));
  return network;
}

}  // namespace outrider::growing
