#include "learners/growing/mixture_network.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/growing/orthogonal.h"
#include "learners/random.h"

namespace outrider::growing {
namespace {

std::vector<float> he_normal(const MixtureForm& form, const std::vector<std::int64_t>& dims, Random random) {
  std::vector<float> values(set_size(form, dims));
  const double fan_in = static_cast<double>(values.size()) / static_cast<double>(form.templates * dims.front());
  const auto deviation = static_cast<float>(std::sqrt(2.0 / fan_in));
  for (float& value : values) value = deviation * random.normal();
  return values;
}

// For each mixed tensor a row of an orthogonal matrix; with more tensors on a set than rows, of several matrices.
std::vector<std::vector<float>> orthogonal_coefficients(const MixtureForm& form, const MixtureLayout& layout,
                                                        std::uint64_t seed) {
  const std::size_t n = form.templates;
  std::vector<Random> random;
  for (std::size_t set = 0; set < layout.sets.size(); ++set) random.emplace_back(seed, "coefficients", set);
  std::vector<std::vector<double>> rows(layout.sets.size());
  std::vector<std::vector<float>> coefficients;
  for (const MixedTensor& tensor : layout.mixed) {
    std::vector<double>& left = rows[tensor.set];
    if (left.empty()) left = orthogonal_matrix(n, random[tensor.set]);
    coefficients.emplace_back(left.end() - static_cast<std::ptrdiff_t>(n), left.end());
    left.resize(left.size() - n);
  }
  return coefficients;
}

void check_values(std::span<const float> values, std::size_t expected, const std::string& name) {
  require(values.size() == expected, fmt::format("{} has {} values; expected {}", name, values.size(), expected));
  require(std::ranges::all_of(values, [](float value) { return std::isfinite(value); }),
          name + " has a value that is not finite");
}

void check_plain(const nn::Tensor& tensor, const PlainTensor& expected, const std::string& what) {
  require(tensor.spec == expected.whole,
          fmt::format("{} has the tensor {} where {} is expected", what, tensor.spec.name, expected.whole.name));
  check_values(tensor.values, expected.whole.size(), what + ": " + tensor.spec.name);
  require(tensor.spec.role != nn::TensorRole::kRunningVariance ||
              std::ranges::all_of(tensor.values, [](float value) { return value >= 0; }),
          fmt::format("{}: {} has a variance below 0", what, tensor.spec.name));
}

}  // namespace

MixtureNetwork MixtureNetwork::initial(const MixtureForm& form, std::uint64_t seed) {
  const MixtureLayout layout = layout_of(form);
  require(form.parts == 1, "a network begins with one part; it grows to several");
  MixtureNetwork network{form, {}, orthogonal_coefficients(form, layout, seed), {}};
  for (std::size_t set = 0; set < layout.sets.size(); ++set)
    network.templates.push_back(he_normal(form, layout.sets[set], Random(seed, "templates", set)));
  const nn::Parameters start = nn::Parameters::initial(layout.network, seed);
  for (const PlainTensor& tensor : layout.plain) {
    network.plain.tensors.push_back(start.at(tensor.whole.name));
    if (tensor.whole.layer + 1 == layout.network.layers.size())
      std::ranges::fill(network.plain.tensors.back().values, 0.0F);
  }
  return network;
}

void MixtureNetwork::check(const std::string& what) const {
  const MixtureLayout layout = layout_of(form);
  require(
      templates.size() == form.parts * layout.sets.size(),
      fmt::format("{} has {} sets of templates; expected {}", what, templates.size(), form.parts * layout.sets.size()));
  for (std::size_t s = 0; s < templates.size(); ++s)
    check_values(templates[s], set_size(form, layout.sets[s % layout.sets.size()]),
                 fmt::format("{}: set {} of templates", what, s));
  require(coefficients.size() == layout.mixed.size(),
          fmt::format("{} mixes {} tensors; expected {}", what, coefficients.size(), layout.mixed.size()));
  for (std::size_t t = 0; t < coefficients.size(); ++t)
    check_values(coefficients[t], coefficient_count(form),
                 fmt::format("{}: the mixture of {}", what, layout.mixed[t].whole.name));
  require(plain.tensors.size() == layout.plain.size(),
          fmt::format("{} has {} plain tensors; expected {}", what, plain.tensors.size(), layout.plain.size()));
  for (std::size_t t = 0; t < plain.tensors.size(); ++t) check_plain(plain.tensors[t], layout.plain[t], what);
}

nn::Parameters MixtureNetwork::weights() const {
  const MixtureLayout layout = layout_of(form);
  MixtureWeights made(*this);
  nn::Parameters all;
  std::size_t next_plain = 0;
  std::size_t next_mixed = 0;
  for (nn::TensorSpec& spec : nn::network_tensors(layout.network)) {
    if (next_mixed < layout.mixed.size() && layout.mixed[next_mixed].whole == spec) {
      std::vector<float> values(spec.size());
      made.mixed()[next_mixed++]->compute(values);
      all.tensors.push_back({std::move(spec), std::move(values)});
    } else {
      all.tensors.push_back(plain.tensors.at(next_plain++));
    }
  }
  return all;
}

MixtureWeights::MixtureWeights(const MixtureNetwork& network) {
  const MixtureLayout layout = layout_of(network.form);
  const MixtureForm& form = network.form;
  const std::size_t n = form.templates;
  sets_.reserve(network.templates.size());
  for (std::size_t s = 0; s < network.templates.size(); ++s)
    sets_.emplace_back(static_cast<std::int64_t>(n), layout.sets[s % layout.sets.size()], network.templates[s]);
  for (std::size_t t = 0; t < layout.mixed.size(); ++t) {
    const MixedTensor& tensor = layout.mixed[t];
    std::vector<nn::MixtureBlock> blocks;
    for (std::size_t i = 0; i < form.parts; ++i)
      for (std::size_t j = 0; j < form.parts; ++j) {
        const auto begin = network.coefficients[t].begin() + static_cast<std::ptrdiff_t>((i * form.parts + j) * n);
        blocks.push_back({&sets_[i * layout.sets.size() + tensor.set],
                          {begin, begin + static_cast<std::ptrdiff_t>(n)},
                          static_cast<std::int64_t>(i) * tensor.part.dims[0],
                          static_cast<std::int64_t>(j) * tensor.part.dims[1]});
      }
    mixed_.push_back(std::make_unique<nn::MixedWeight>(tensor.whole, std::move(blocks)));
  }
}

std::vector<std::vector<float>> MixtureWeights::templates() const {
  std::vector<std::vector<float>> values;
  for (const nn::Templates& set : sets_) values.push_back(set.values);
  return values;
}

std::vector<std::vector<float>> MixtureWeights::coefficients() const {
  std::vector<std::vector<float>> values;
  for (const auto& weight : mixed_) {
    std::vector<float>& all = values.emplace_back();
    for (const nn::MixtureBlock& block : weight->blocks())
      all.insert(all.end(), block.coefficients.begin(), block.coefficients.end());
  }
  return values;
}

}  // namespace outrider::growing
