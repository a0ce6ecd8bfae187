#include "learners/encoders/architectures.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/encoders/residual_networks.h"

namespace outrider {
namespace {

struct Architecture {
  std::string_view name;
  void (*append)(nn::NetworkSpec&, const ArchitectureOptions&);
};

constexpr nn::Pooling kHalve{.kind = nn::PoolingKind::kMax, .kernel = {2, 2}, .stride = {2, 2}};

void conv4(nn::NetworkSpec& spec, const ArchitectureOptions& options) {
  for (int block = 0; block < 4; ++block) {
    spec.layers.emplace_back(
        nn::Convolution{.channels = 64, .kernel = {3, 3}, .padding = {1, 1}, .bias = options.bias});
    spec.layers.emplace_back(nn::BatchNorm{});
    spec.layers.emplace_back(nn::Relu{});
    spec.layers.emplace_back(kHalve);
  }
  spec.layers.emplace_back(nn::Flatten{});
}

void linear_relu(nn::NetworkSpec& spec, std::int64_t outputs) {
  spec.layers.emplace_back(nn::FullyConnected{.channels = outputs});
  spec.layers.emplace_back(nn::Relu{});
}

void lenet_300_100(nn::NetworkSpec& spec, const ArchitectureOptions&) {
  linear_relu(spec, 300);
  linear_relu(spec, 100);
}

void lenet5(nn::NetworkSpec& spec, const ArchitectureOptions&) {
  spec.layers.emplace_back(nn::Convolution{.channels = 6, .kernel = {5, 5}, .padding = {2, 2}});
  spec.layers.emplace_back(nn::Relu{});
  spec.layers.emplace_back(kHalve);
  spec.layers.emplace_back(nn::Convolution{.channels = 16, .kernel = {5, 5}});
  spec.layers.emplace_back(nn::Relu{});
  spec.layers.emplace_back(kHalve);
  linear_relu(spec, 120);
  linear_relu(spec, 84);
}

struct SimpleNetBlock {
  std::int64_t channels;
  std::int64_t kernel;
  bool pool;  // after it
};

constexpr std::array kSimpleNet{
    SimpleNetBlock{64, 3, false},  SimpleNetBlock{128, 3, false},  SimpleNetBlock{128, 3, false},
    SimpleNetBlock{128, 3, true},  SimpleNetBlock{128, 3, false},  SimpleNetBlock{128, 3, false},
    SimpleNetBlock{256, 3, true},  SimpleNetBlock{256, 3, false},  SimpleNetBlock{256, 3, true},
    SimpleNetBlock{512, 3, false}, SimpleNetBlock{2048, 1, false}, SimpleNetBlock{256, 1, true},
    SimpleNetBlock{256, 3, false}};

void simplenet(nn::NetworkSpec& spec, const ArchitectureOptions& options) {
  for (const SimpleNetBlock& block : kSimpleNet) {
    const std::int64_t padding = block.kernel / 2;
    spec.layers.emplace_back(nn::Convolution{.channels = block.channels,
                                             .kernel = {block.kernel, block.kernel},
                                             .padding = {padding, padding},
                                             .bias = options.bias});
    spec.layers.emplace_back(nn::BatchNorm{.momentum = 0.05F});
    spec.layers.emplace_back(nn::Relu{});
    if (block.pool) spec.layers.emplace_back(kHalve);
    if (options.dropout > 0) spec.layers.emplace_back(nn::Dropout{options.dropout});
  }
  spec.layers.emplace_back(nn::GlobalPooling{nn::PoolingKind::kMax});
}

constexpr std::array kArchitectures{
    Architecture{"conv4", conv4},
    Architecture{"lenet-300-100", lenet_300_100},
    Architecture{"lenet5", lenet5},
    Architecture{"resnet18", [](auto& spec, const auto&) { append_resnet18(spec, 64); }},
    Architecture{"resnet18-gem", [](auto& spec, const auto&) { append_resnet18(spec, 20); }},
    Architecture{"simplenet", simplenet},
    Architecture{"wrn-16-4", [](auto& spec, const auto& options) { append_wide_resnet(spec, 16, 4, options.dropout); }},
    Architecture{"wrn-28-10",
                 [](auto& spec, const auto& options) { append_wide_resnet(spec, 28, 10, options.dropout); }},
};

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
  if (options.classes < 0)
    throw InputError(fmt::format("the number of classes is {}; expected 0 or more", options.classes));
  for (const Architecture& known : kArchitectures) {
    if (known.name != name) continue;
    nn::NetworkSpec spec{{input.channels, input.height, input.width}, {}};
    known.append(spec, options);
    if (options.classes > 0) spec.layers.emplace_back(nn::FullyConnected{.channels = options.classes});
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
