#include "learners/growing/mixture_growth.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/growing/orthogonal.h"
#include "learners/random.h"

namespace outrider::growing {
namespace {

constexpr std::array<std::string_view, 4> kRuleNames{"orthogonal", "copy", "zero", "random"};
constexpr float kCopyNoise = 0.1F;  // its deviation, in norms of what is copied

std::vector<double> doubled(std::span<const float> values) {
  return {values.begin(), values.end()};
}

// Puts the parts' values side by side along one axis of the tensor: for each place before it, part after part.
std::vector<float> stacked(const PlainTensor& tensor, std::span<const nn::Tensor* const> parts) {
  const auto& dims = tensor.part.dims;
  const auto run = static_cast<std::size_t>(std::accumulate(dims.begin() + static_cast<std::ptrdiff_t>(tensor.axis),
                                                            dims.end(), std::int64_t{1}, std::multiplies<>()));
  std::vector<float> values;
  values.reserve(tensor.whole.size());
  for (std::size_t begin = 0; begin < tensor.part.size(); begin += run)
    for (const nn::Tensor* part : parts) {
      const auto from = part->values.begin() + static_cast<std::ptrdiff_t>(begin);
      values.insert(values.end(), from, from + static_cast<std::ptrdiff_t>(run));
    }
  return values;
}

std::vector<float> mean_of(std::span<const nn::Tensor* const> parts) {
  std::vector<float> mean;
  for (std::size_t i = 0; i < parts.front()->values.size(); ++i) {
    double sum = 0;
    for (const nn::Tensor* part : parts) sum += static_cast<double>(part->values[i]);
    mean.push_back(static_cast<float>(sum / static_cast<double>(parts.size())));
  }
  return mean;
}

nn::Tensor joined(const PlainTensor& tensor, std::span<const nn::Parameters> parts) {
  std::vector<const nn::Tensor*> tensors;
  for (const nn::Parameters& part : parts) tensors.push_back(&part.at(tensor.part.name));
  if (tensor.joining == Joining::kAveraged) return {tensor.whole, mean_of(tensors)};
  nn::Tensor made{tensor.whole, stacked(tensor, tensors)};
  if (tensor.joining == Joining::kJoined)
    for (float& value : made.values) value /= static_cast<float>(parts.size());
  return made;
}

// Draws the coefficients of one part's crossings, in the order of the tensors.
class CrossingMaker {
 public:
  CrossingMaker(const MixtureForm& form, const MixtureLayout& layout, const MixtureNetwork& part, std::size_t index,
                const Crossings& how)
      : n_(form.templates), how_(how), rows_(layout.sets.size()), random_(how.seed, "crossings", index) {
    for (std::size_t t = 0; t < layout.mixed.size(); ++t) append(layout.mixed[t].set, doubled(part.coefficients[t]));
  }

  // Of one block. `own`: what the part mixes the tensor with itself.
  std::vector<float> next(const MixedTensor& tensor, std::span<const float> own) {
    const std::vector<double> direction = direction_of(tensor, own);
    append(tensor.set, direction);
    std::vector<float> coefficients;
    for (const double value : direction) coefficients.push_back(how_.factor * static_cast<float>(value));
    return coefficients;
  }

 private:
  std::vector<double> direction_of(const MixedTensor& tensor, std::span<const float> own) {
    switch (how_.rule) {
      case CrossingRule::kOrthogonal:
        return least_direction(rows_[tensor.set], n_);
      case CrossingRule::kCopy:
        return noisy(own);
      case CrossingRule::kRandom: {
        const std::vector<double> matrix = orthogonal_matrix(n_, random_);
        return {matrix.begin(), matrix.begin() + static_cast<std::ptrdiff_t>(n_)};
      }
      case CrossingRule::kZero:
        break;
    }
    return std::vector<double>(n_);
  }

  std::vector<double> noisy(std::span<const float> own) {
    std::vector<double> copy = doubled(own);
    const double norm = std::sqrt(std::inner_product(copy.begin(), copy.end(), copy.begin(), 0.0));
    const double deviation = static_cast<double>(kCopyNoise) * norm / std::sqrt(static_cast<double>(n_));
    for (double& value : copy) value += deviation * static_cast<double>(random_.normal());
    return copy;
  }

  void append(std::size_t set, const std::vector<double>& row) {
    rows_[set].insert(rows_[set].end(), row.begin(), row.end());
  }

  std::size_t n_;
  Crossings how_;
  std::vector<std::vector<double>> rows_;  // of each set, what mixes it so far
  Random random_;
};

MixtureForm check_parts(std::span<const MixtureNetwork> parts) {
  require(parts.size() >= 2 && parts.size() <= MixtureForm::kMostParts,
          fmt::format("a network grows from {} parts; expected 2 to {}", parts.size(), MixtureForm::kMostParts));
  for (std::size_t p = 0; p < parts.size(); ++p) {
    parts[p].check(fmt::format("part {} of a network that grows", p));
    require(parts[p].form.parts == 1 && parts[p].form == parts.front().form,
            fmt::format("part {} of a network that grows is of another form than part 0", p));
  }
  MixtureForm form = parts.front().form;
  form.parts = static_cast<std::uint32_t>(parts.size());
  return form;
}

}  // namespace

void Crossings::check() const {
  require(static_cast<std::size_t>(rule) < kRuleNames.size(),
          fmt::format("crossings follow rule {}; known are 0 to {}", static_cast<int>(rule), kRuleNames.size() - 1));
  require(std::isfinite(factor), fmt::format("crossings are multiplied by {}; expected a finite number", factor));
}

std::string_view rule_name(CrossingRule rule) {
  return kRuleNames.at(static_cast<std::size_t>(rule));
}

CrossingRule parse_rule(std::string_view text) {
  const auto found = std::ranges::find(kRuleNames, text);
  require(found != kRuleNames.end(),
          fmt::format("crossings follow the rule '{}'; expected orthogonal, copy, zero or random", text));
  return static_cast<CrossingRule>(found - kRuleNames.begin());
}

MixtureNetwork grow(std::span<const MixtureNetwork> parts, const Crossings& crossings) {
  const MixtureForm form = check_parts(parts);
  crossings.check();
  const MixtureLayout layout = layout_of(form);
  MixtureNetwork grown{form, {}, std::vector<std::vector<float>>(layout.mixed.size()), {}};
  std::vector<nn::Parameters> plain;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::ranges::copy(parts[i].templates, std::back_inserter(grown.templates));
    plain.push_back(parts[i].plain);
    CrossingMaker maker(form, layout, parts[i], i, crossings);
    for (std::size_t t = 0; t < layout.mixed.size(); ++t)
      for (std::size_t j = 0; j < parts.size(); ++j) {
        const std::vector<float>& own = parts[i].coefficients[t];
        const std::vector<float> block = i == j ? own : maker.next(layout.mixed[t], own);
        grown.coefficients[t].insert(grown.coefficients[t].end(), block.begin(), block.end());
      }
  }
  for (const PlainTensor& tensor : layout.plain) grown.plain.tensors.push_back(joined(tensor, plain));
  grown.check("the grown network");
  return grown;
}

nn::Parameters side_by_side(const MixtureForm& form, std::span<const nn::Parameters> parts) {
  assert(parts.size() == form.parts);
  const MixtureLayout layout = layout_of(form);
  nn::Parameters whole = nn::Parameters::initial(layout.network, 0);
  for (const PlainTensor& tensor : layout.plain) whole.at(tensor.whole.name) = joined(tensor, parts);
  for (const MixedTensor& tensor : layout.mixed) {
    std::vector<float>& values = whole.at(tensor.whole.name).values;
    std::ranges::fill(values, 0.0F);
    const auto out = static_cast<std::size_t>(tensor.part.dims[0]);
    const std::size_t row = tensor.part.size() / out;  // of a part
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::vector<float>& from = parts[i].at(tensor.part.name).values;
      for (std::size_t o = 0; o < out; ++o)
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(o * row), row,
                    values.begin() + static_cast<std::ptrdiff_t>(((i * out + o) * parts.size() + i) * row));
    }
  }
  return whole;
}

}  // namespace outrider::growing
