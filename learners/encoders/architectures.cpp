#include "learners/encoders/architectures.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

struct Architecture {
  std::string_view name;
  nn::NetworkSpec (*make)(const nn::Shape&, const ArchitectureOptions&);
};

nn::NetworkSpec conv4(const nn::Shape& input, const ArchitectureOptions& options) {
  nn::NetworkSpec spec{input, {}};
  for (int block = 0; block < 4; ++block) {
    spec.layers.push_back(nn::Convolution{.channels = 64, .kernel = {3, 3}, .padding = {1, 1}, .bias = options.bias});
    spec.layers.push_back(nn::BatchNorm{});
    spec.layers.push_back(nn::Relu{});
    spec.layers.push_back(nn::Pooling{.kind = nn::PoolingKind::kMax, .kernel = {2, 2}, .stride = {2, 2}});
  }
  spec.layers.push_back(nn::Flatten{});
  return spec;
}

constexpr std::array kArchitectures{Architecture{"conv4", conv4}};

constexpr auto kNames = [] {
  std::array<std::string_view, kArchitectures.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kArchitectures[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> architecture_names() {
  return kNames;
}

nn::NetworkSpec architecture(std::string_view name, const ImageShape& input, const ArchitectureOptions& options) {
  for (const Architecture& known : kArchitectures) {
    if (known.name != name) continue;
    auto spec = known.make({input.channels, input.height, input.width}, options);
    try {
      spec.shapes();
    } catch (const InputError& error) {
      throw InputError(fmt::format("architecture {} cannot take {}x{}x{} pictures: {}", name, input.channels,
                                   input.height, input.width, error.what()));
    }
    return spec;
  }
  throw InputError(fmt::format("unknown architecture '{}'; known are: {}", name, fmt::join(kNames, ", ")));
}

}  // namespace outrider
