#include "learners/growing/crossing.h"

#include <algorithm>
#include <cassert>

#include "learners/growing/growing.capnp.h"
#include "learners/growing/number_list.h"

namespace outrider::growing {
namespace {

constexpr wire::Limits kCrossingLimits{.bytes = std::size_t{64} << 20, .nesting = 4};

bool is_norm(const nn::NetworkSpec& network, const nn::TensorSpec& tensor) {
  const nn::Layer& layer = network.layers[tensor.layer];
  return std::holds_alternative<nn::BatchNorm>(layer) || std::holds_alternative<nn::InstanceNorm>(layer);
}

// The plain tensors that are trained with crossings, as indices in the layout.
std::vector<std::size_t> trained_tensors(const MixtureLayout& layout) {
  std::vector<std::size_t> indices;
  for (std::size_t t = 0; t < layout.plain.size(); ++t) {
    const nn::TensorSpec& spec = layout.plain[t].whole;
    if (spec.layer + 1 == layout.network.layers.size() || is_norm(layout.network, spec)) indices.push_back(t);
  }
  return indices;
}

// Calls visit(place in a mixture's coefficients) for those off the diagonal, in order.
template <typename Visit>
void for_crossings(const MixtureForm& form, Visit visit) {
  for (std::size_t i = 0; i < form.parts; ++i)
    for (std::size_t j = 0; j < form.parts; ++j)
      for (std::size_t k = 0; i != j && k < form.templates; ++k) visit((i * form.parts + j) * form.templates + k);
}

Crossing read_crossing(wire::GrowingCrossing::Reader reader, const MixtureForm& form, const std::string& what) {
  const MixtureLayout layout = layout_of(form);
  Crossing crossing;
  crossing.event = Digest::from_bytes(wire::view(reader.getEvent()));
  crossing.samples = reader.getSamples();
  require(
      crossing.samples >= 1 && crossing.samples <= Crossing::kMaxSamples,
      fmt::format("{} was learned from {} samples; expected 1 to {}", what, crossing.samples, Crossing::kMaxSamples));
  const auto coefficients = reader.getCoefficients();
  require_count(coefficients, layout.mixed.size(), what + " mixes other tensors");
  const std::size_t count = coefficient_count(form) - std::size_t{form.parts} * form.templates;
  for (unsigned t = 0; t < coefficients.size(); ++t)
    crossing.coefficients.push_back(
        read_numbers(wire::view(coefficients[t]), count,
                     fmt::format("{}: the mixture of {} comes", what, layout.mixed[t].whole.name)));
  const auto plain = reader.getPlain();
  const auto trained = trained_tensors(layout);
  require_count(plain, trained.size(), what + " has other plain tensors");
  for (unsigned t = 0; t < plain.size(); ++t) {
    const nn::TensorSpec& spec = layout.plain[trained[t]].whole;
    auto values = read_numbers(wire::view(plain[t]), spec.size(), fmt::format("{}: {} comes", what, spec.name));
    require(
        spec.role != nn::TensorRole::kRunningVariance || std::ranges::all_of(values, [](float v) { return v >= 0; }),
        fmt::format("{}: {} has a variance below 0", what, spec.name));
    crossing.plain.tensors.push_back({spec, std::move(values)});
  }
  return crossing;
}

// `values(i)`: the same list of numbers of each crossing.
template <typename Values>
std::vector<float> weighted_mean(std::span<const Crossing> crossings, const Values& values) {
  std::vector<double> sums(values(crossings.front()).size());
  double total = 0;
  for (const Crossing& crossing : crossings) {
    const auto weight = static_cast<double>(crossing.samples);
    const std::vector<float>& each = values(crossing);
    assert(each.size() == sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * static_cast<double>(each[i]);
    total += weight;
  }
  std::vector<float> mean;
  for (const double sum : sums) mean.push_back(static_cast<float>(sum / total));
  return mean;
}

}  // namespace

Crossing Crossing::of(const MixtureNetwork& trained, const Digest& event, std::uint64_t samples) {
  Crossing crossing{event, samples, {}, {}};
  for (const std::vector<float>& mixture : trained.coefficients) {
    std::vector<float>& off_diagonal = crossing.coefficients.emplace_back();
    for_crossings(trained.form, [&](std::size_t place) { off_diagonal.push_back(mixture[place]); });
  }
  for (const std::size_t t : trained_tensors(layout_of(trained.form)))
    crossing.plain.tensors.push_back(trained.plain.tensors[t]);
  return crossing;
}

Bytes Crossing::encode() const {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::GrowingCrossing>();
  builder.setEvent(wire::data(event.view()));
  builder.setSamples(samples);
  write_number_lists(
      coefficients.size(), [&](unsigned count) { return builder.initCoefficients(count); },
      [&](std::size_t t) -> std::span<const float> { return coefficients[t]; });
  write_number_lists(
      plain.tensors.size(), [&](unsigned count) { return builder.initPlain(count); },
      [&](std::size_t t) -> std::span<const float> { return plain.tensors[t].values; });
  return wire::flatten(message);
}

Crossing Crossing::decode(ByteView bytes, const MixtureForm& form, const std::string& what) {
  const auto use = [&](wire::GrowingCrossing::Reader reader) { return read_crossing(reader, form, what); };
  return wire::read<wire::GrowingCrossing>(bytes, what, use, kCrossingLimits);
}

MixtureNetwork with_crossing(MixtureNetwork grown, const Crossing& crossing) {
  assert(crossing.coefficients.size() == grown.coefficients.size());
  for (std::size_t t = 0; t < grown.coefficients.size(); ++t) {
    std::size_t next = 0;
    for_crossings(grown.form,
                  [&](std::size_t place) { grown.coefficients[t][place] = crossing.coefficients[t][next++]; });
  }
  for (const nn::Tensor& tensor : crossing.plain.tensors) grown.plain.at(tensor.spec.name) = tensor;
  return grown;
}

Crossing mean_crossing(std::span<const Crossing> crossings) {
  assert(!crossings.empty());
  Crossing mean = crossings.front();
  mean.samples = 0;
  for (const Crossing& crossing : crossings)
    mean.samples = std::min(mean.samples + crossing.samples, Crossing::kMaxSamples);
  for (std::size_t t = 0; t < mean.coefficients.size(); ++t)
    mean.coefficients[t] = weighted_mean(
        crossings, [t](const Crossing& each) -> const std::vector<float>& { return each.coefficients[t]; });
  for (std::size_t t = 0; t < mean.plain.tensors.size(); ++t)
    mean.plain.tensors[t].values = weighted_mean(
        crossings, [t](const Crossing& each) -> const std::vector<float>& { return each.plain.tensors[t].values; });
  return mean;
}

}  // namespace outrider::growing
