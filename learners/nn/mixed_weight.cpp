#include <algorithm>
#include <cassert>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/nn/derived_weights.h"

namespace outrider::nn {
namespace {

std::int64_t kernel_size(const std::vector<std::int64_t>& dims) {
  return std::accumulate(dims.begin() + 2, dims.end(), std::int64_t{1}, std::multiplies<>());
}

void check_block(const TensorSpec& spec, const MixtureBlock& block) {
  const auto& dims = block.templates->dims;
  const bool fits = dims.size() == spec.dims.size() &&
                    std::equal(dims.begin() + 2, dims.end(), spec.dims.begin() + 2) && block.first_out >= 0 &&
                    block.first_in >= 0 && block.first_out + dims[0] <= spec.dims[0] &&
                    block.first_in + dims[1] <= spec.dims[1];
  if (!fits)
    throw InputError(fmt::format("a block at output {} and input {} does not fit tensor {}", block.first_out,
                                 block.first_in, spec.name));
  if (block.coefficients.size() != static_cast<std::size_t>(block.templates->count))
    throw InputError(fmt::format("a block of tensor {} mixes {} templates with {} coefficients", spec.name,
                                 block.templates->count, block.coefficients.size()));
}

bool overlap(const MixtureBlock& a, const MixtureBlock& b) {
  const auto meet = [](std::int64_t first, std::int64_t size, std::int64_t other, std::int64_t other_size) {
    return first < other + other_size && other < first + size;
  };
  return meet(a.first_out, a.templates->dims[0], b.first_out, b.templates->dims[0]) &&
         meet(a.first_in, a.templates->dims[1], b.first_in, b.templates->dims[1]);
}

// Calls visit(place in the tensor, place in the template, length) for every run of values that lie together in both.
template <typename Visit>
void for_runs(const TensorSpec& spec, const MixtureBlock& block, Visit visit) {
  const auto& dims = block.templates->dims;
  const std::int64_t kernel = kernel_size(dims);
  for (std::int64_t o = 0; o < dims[0]; ++o)
    visit(static_cast<std::size_t>(((block.first_out + o) * spec.dims[1] + block.first_in) * kernel),
          static_cast<std::size_t>(o * dims[1] * kernel), static_cast<std::size_t>(dims[1] * kernel));
}

}  // namespace

Templates::Templates(std::int64_t template_count, std::vector<std::int64_t> template_dims, std::vector<float> templates)
    : count(template_count), dims(std::move(template_dims)), values(std::move(templates)), gradient(values.size()) {
  const bool positive = count > 0 && dims.size() >= 2 && std::ranges::all_of(dims, [](auto dim) { return dim > 0; });
  const std::int64_t expected = positive ? count * dims[0] * dims[1] * kernel_size(dims) : 0;
  if (!positive || values.size() != static_cast<std::size_t>(expected))
    throw InputError(fmt::format("{} templates have {} values; expected {}", count, values.size(), expected));
}

MixedWeight::MixedWeight(TensorSpec spec, std::vector<MixtureBlock> blocks)
    : spec_(std::move(spec)), blocks_(std::move(blocks)) {
  if (spec_.dims.size() < 2) throw InputError(fmt::format("tensor {} is no weight and cannot be mixed", spec_.name));
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    check_block(spec_, blocks_[i]);
    for (std::size_t j = 0; j < i; ++j)
      if (overlap(blocks_[i], blocks_[j]))
        throw InputError(fmt::format("blocks {} and {} of tensor {} overlap", j, i, spec_.name));
    coefficient_gradients_.emplace_back(blocks_[i].coefficients.size());
  }
}

void MixedWeight::compute(std::span<float> effective) {
  assert(effective.size() == size());
  std::ranges::fill(effective, 0.0F);
  for (const MixtureBlock& block : blocks_)
    for (std::size_t j = 0; j < block.coefficients.size(); ++j) {
      const auto source = block.templates->at(j);
      for_runs(spec_, block, [&](std::size_t to, std::size_t from, std::size_t length) {
        for (std::size_t i = 0; i < length; ++i) effective[to + i] += block.coefficients[j] * source[from + i];
      });
    }
}

void MixedWeight::start_gradients() {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    std::ranges::fill(coefficient_gradients_[b], 0.0F);
    std::ranges::fill(blocks_[b].templates->gradient, 0.0F);
  }
}

void MixedWeight::pull_back(std::span<const float> gradient) {
  assert(gradient.size() == size());
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const MixtureBlock& block = blocks_[b];
    for (std::size_t j = 0; j < block.coefficients.size(); ++j) {
      const auto source = block.templates->at(j);
      const auto slope = std::span(block.templates->gradient).subspan(j * block.templates->size());
      double product = 0;
      for_runs(spec_, block, [&](std::size_t to, std::size_t from, std::size_t length) {
        for (std::size_t i = 0; i < length; ++i) {
          product += static_cast<double>(gradient[to + i]) * static_cast<double>(source[from + i]);
          slope[from + i] += block.coefficients[j] * gradient[to + i];
        }
      });
      coefficient_gradients_[b][j] += static_cast<float>(product);
    }
  }
}

std::vector<Trainable> MixedWeight::trainables() {
  std::vector<Trainable> all;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const auto count = static_cast<std::int64_t>(blocks_[b].coefficients.size());
    all.push_back({{fmt::format("{}.coefficients.{}", spec_.name, b), spec_.layer, TensorRole::kWeight, {count}},
                   blocks_[b].coefficients,
                   coefficient_gradients_[b]});
    Templates& templates = *blocks_[b].templates;
    auto dims = templates.dims;
    dims.insert(dims.begin(), templates.count);
    all.push_back({{fmt::format("{}.templates.{}", spec_.name, b), spec_.layer, TensorRole::kWeight, std::move(dims)},
                   templates.values,
                   templates.gradient});
  }
  return all;
}

}  // namespace outrider::nn
