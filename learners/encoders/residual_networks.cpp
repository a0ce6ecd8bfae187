#include "learners/encoders/residual_networks.h"

#include <array>
#include <cassert>
#include <string>

namespace outrider {
namespace {

nn::Convolution convolution(std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t padding = kernel / 2;
  return {.channels = channels,
          .kernel = {kernel, kernel},
          .stride = {stride, stride},
          .padding = {padding, padding},
          .bias = false};
}

// Names for the values of one block after the other.
class BlockNames {
 public:
  std::string input() const { return "block" + std::to_string(number_); }
  std::string body() const { return "body" + std::to_string(number_); }
  void next() { ++number_; }

 private:
  int number_ = 1;
};

void append_batch_norm_relu(nn::NetworkSpec& spec) {
  spec.layers.emplace_back(nn::BatchNorm{});
  spec.layers.emplace_back(nn::Relu{});
}

void append_basic_block(nn::NetworkSpec& spec, std::int64_t channels, std::int64_t stride, bool projected,
                        const BlockNames& names) {
  spec.layers.emplace_back(nn::As{names.input()});
  spec.layers.emplace_back(convolution(channels, 3, stride));
  append_batch_norm_relu(spec);
  spec.layers.emplace_back(convolution(channels, 3, 1));
  spec.layers.emplace_back(nn::BatchNorm{});
  if (projected) {
    spec.layers.emplace_back(nn::As{names.body()});
    spec.layers.emplace_back(nn::From{names.input()});
    spec.layers.emplace_back(convolution(channels, 1, stride));
    spec.layers.emplace_back(nn::BatchNorm{});
    spec.layers.emplace_back(nn::Add{names.body()});
  } else {
    spec.layers.emplace_back(nn::Add{names.input()});
  }
  spec.layers.emplace_back(nn::Relu{});
}

// Where the width changes, the shortcut leaves after the first activation and is projected.
void append_pre_activation_block(nn::NetworkSpec& spec, std::int64_t channels, std::int64_t stride, bool projected,
                                 float dropout, const BlockNames& names) {
  if (!projected) spec.layers.emplace_back(nn::As{names.input()});
  append_batch_norm_relu(spec);
  if (projected) spec.layers.emplace_back(nn::As{names.input()});
  spec.layers.emplace_back(convolution(channels, 3, stride));
  append_batch_norm_relu(spec);
  if (dropout > 0) spec.layers.emplace_back(nn::Dropout{dropout});
  spec.layers.emplace_back(convolution(channels, 3, 1));
  if (projected) {
    spec.layers.emplace_back(nn::As{names.body()});
    spec.layers.emplace_back(nn::From{names.input()});
    spec.layers.emplace_back(convolution(channels, 1, stride));
    spec.layers.emplace_back(nn::Add{names.body()});
  } else {
    spec.layers.emplace_back(nn::Add{names.input()});
  }
}

}  // namespace

void append_resnet18(nn::NetworkSpec& spec, std::int64_t base_channels) {
  spec.layers.emplace_back(convolution(base_channels, 3, 1));
  append_batch_norm_relu(spec);
  BlockNames names;
  for (std::int64_t stage = 0; stage < 4; ++stage)
    for (int block = 0; block < 2; ++block, names.next()) {
      const bool narrows = stage > 0 && block == 0;
      append_basic_block(spec, base_channels << stage, narrows ? 2 : 1, narrows, names);
    }
  spec.layers.emplace_back(nn::GlobalPooling{});
}

void append_wide_resnet(nn::NetworkSpec& spec, int depth, std::int64_t width, float dropout) {
  assert((depth - 4) % 6 == 0);
  spec.layers.emplace_back(convolution(16, 3, 1));
  BlockNames names;
  for (std::int64_t stage = 0; stage < 3; ++stage)
    for (int block = 0; block < (depth - 4) / 6; ++block, names.next()) {
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      append_pre_activation_block(spec, (16 * width) << stage, stride, block == 0, dropout, names);
    }
  append_batch_norm_relu(spec);
  spec.layers.emplace_back(nn::GlobalPooling{});
}

}  // namespace outrider
