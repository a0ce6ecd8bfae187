#include "learners/surgery/inheritance.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "knowledge/error.h"

namespace outrider::surgery {

const InheritedTensor& Inheritance::at(const std::string& tensor) const {
  const auto found = std::ranges::find(tensors, tensor, [](const InheritedTensor& each) { return each.spec.name; });
  require(found != tensors.end(), fmt::format("the grown network has no tensor named '{}'", tensor));
  return *found;
}

Inheritance inherit(const nn::NetworkSpec& network, const nn::Parameters& parameters, const GrowthStep& step) {
  if (const auto* widen = std::get_if<WidenStep>(&step)) return inherit_widened(network, *widen);
  return inherit_deepened(network, parameters, std::get<DeepenStep>(step));
}

std::vector<float> inherited_values(const InheritedTensor& tensor, const std::vector<float>& source, Sharing sharing,
                                    std::span<const float> fresh) {
  if (tensor.places.empty()) return source;
  std::vector<float> values;
  values.reserve(tensor.places.size());
  for (std::size_t i = 0; i < tensor.places.size(); ++i) {
    const std::uint32_t place = tensor.places[i];
    values.push_back(place == kNewValue ? fresh[i] : source[place]);
  }
  if (tensor.shares.empty() || sharing == Sharing::kCopied) return values;
  const std::size_t kernel = values.size() / tensor.shares.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= tensor.shares[i / kernel];
  return values;
}

nn::Parameters inherited_weights(const Inheritance& inheritance, const nn::Parameters& old) {
  nn::Parameters weights;
  for (const InheritedTensor& tensor : inheritance.tensors)
    weights.tensors.push_back(
        {tensor.spec, tensor.source.empty()
                          ? tensor.values
                          : inherited_values(tensor, old.at(tensor.source).values, Sharing::kShared, tensor.values)});
  return weights;
}

}  // namespace outrider::surgery
