// For tests: layers in plain double-precision loops, slow and easy to check by eye. Independent of oneDNN.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "learners/nn/network.h"
#include "learners/nn/plan.h"
#include "learners/random.h"

namespace outrider::nn {

// Normally distributed.
inline std::vector<float> noise(std::size_t size, std::uint64_t seed) {
  Random random(seed, "noise");
  std::vector<float> values(size);
  for (float& value : values) value = random.normal();
  return values;
}

}  // namespace outrider::nn

namespace outrider::nn::reference {

using Values = std::vector<double>;

inline std::size_t at(const Shape& s, std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
  return static_cast<std::size_t>(((n * s.channels + c) * s.height + y) * s.width + x);
}

// Part of a linear map without parameters: an output gets `weight` times an input.
struct Share {
  std::size_t from;
  std::size_t to;
  double weight;
};

// Calls visit(n, channel, y, x) for every value.
template <typename Visit>
void for_values(std::int64_t batch, const Shape& s, Visit visit) {
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t c = 0; c < s.channels; ++c)
      for (std::int64_t y = 0; y < s.height; ++y)
        for (std::int64_t x = 0; x < s.width; ++x) visit(n, c, y, x);
}

// Calls visit(input, output, weight) with the places of the factors and of the sum of every product of the layer.
template <typename Visit>
void for_products(const Convolution& l, const Shape& in, const Shape& out, std::int64_t batch, Visit visit) {
  const auto per_group = in.channels / l.groups;
  for_values(batch, out, [&](auto n, auto o, auto y, auto x) {
    for (std::int64_t i = 0; i < per_group; ++i)
      for (std::int64_t ky = 0; ky < l.kernel.height; ++ky)
        for (std::int64_t kx = 0; kx < l.kernel.width; ++kx) {
          const auto sy = y * l.stride.height - l.padding.height + ky * l.dilation.height;
          const auto sx = x * l.stride.width - l.padding.width + kx * l.dilation.width;
          if (sy < 0 || sx < 0 || sy >= in.height || sx >= in.width) continue;
          const auto channel = o / (out.channels / l.groups) * per_group + i;
          const auto k = ((o * per_group + i) * l.kernel.height + ky) * l.kernel.width + kx;
          visit(at(in, n, channel, sy, sx), at(out, n, o, y, x), static_cast<std::size_t>(k));
        }
  });
}

template <typename Visit>
void for_products(const TransposedConvolution& l, const Shape& in, const Shape& out, std::int64_t batch, Visit visit) {
  for_values(batch, in, [&](auto n, auto i, auto y, auto x) {
    for (std::int64_t o = 0; o < out.channels; ++o)
      for (std::int64_t ky = 0; ky < l.kernel.height; ++ky)
        for (std::int64_t kx = 0; kx < l.kernel.width; ++kx) {
          const auto ty = y * l.stride.height - l.padding.height + ky;
          const auto tx = x * l.stride.width - l.padding.width + kx;
          if (ty < 0 || tx < 0 || ty >= out.height || tx >= out.width) continue;
          const auto k = ((o * in.channels + i) * l.kernel.height + ky) * l.kernel.width + kx;
          visit(at(in, n, i, y, x), at(out, n, o, ty, tx), static_cast<std::size_t>(k));
        }
  });
}

// A window over the whole picture is a fully connected layer.
template <typename Visit>
void for_products(const FullyConnected& l, const Shape& in, const Shape& out, std::int64_t batch, Visit visit) {
  for_products(Convolution{.channels = l.channels, .kernel = {in.height, in.width}}, in, out, batch, visit);
}

// `input` decides who wins a max pooling.
inline std::vector<Share> shares(const Pooling& l, const Shape& in, const Shape& out, std::int64_t batch,
                                 const Values& input) {
  std::vector<Share> all;
  for_values(batch, out, [&](auto n, auto c, auto y, auto x) {
    std::vector<std::size_t> window;
    for (std::int64_t ky = 0; ky < l.kernel.height; ++ky)
      for (std::int64_t kx = 0; kx < l.kernel.width; ++kx) {
        const auto sy = y * l.stride.height - l.padding.height + ky;
        const auto sx = x * l.stride.width - l.padding.width + kx;
        if (sy >= 0 && sx >= 0 && sy < in.height && sx < in.width) window.push_back(at(in, n, c, sy, sx));
      }
    if (l.kind == PoolingKind::kMax)
      window = {*std::ranges::max_element(window, [&](auto a, auto b) { return input[a] < input[b]; })};
    for (const auto from : window) all.push_back({from, at(out, n, c, y, x), 1.0 / static_cast<double>(window.size())});
  });
  return all;
}

inline std::vector<Share> shares(const GlobalPooling& l, const Shape& in, const Shape& out, std::int64_t batch,
                                 const Values& input) {
  return shares(Pooling{l.kind, {in.height, in.width}, {in.height, in.width}, {0, 0}}, in, out, batch, input);
}

// The two rows (or columns) that one of `size * factor` rows lies between, and how far towards the second.
struct Between {
  std::int64_t low;
  std::int64_t high;
  double towards_high;
};

inline Between between(std::int64_t position, std::int64_t factor, std::int64_t size) {
  const double place = (static_cast<double>(position) + 0.5) / static_cast<double>(factor) - 0.5;
  const auto low = static_cast<std::int64_t>(std::floor(place));
  return {std::clamp<std::int64_t>(low, 0, size - 1), std::clamp<std::int64_t>(low + 1, 0, size - 1),
          place - static_cast<double>(low)};
}

inline std::vector<Share> shares(const Upsampling& l, const Shape& in, const Shape& out, std::int64_t batch,
                                 const Values&) {
  std::vector<Share> all;
  for_values(batch, out, [&](auto n, auto c, auto y, auto x) {
    const auto to = at(out, n, c, y, x);
    if (!l.bilinear) {
      all.push_back({at(in, n, c, y / l.factor.height, x / l.factor.width), to, 1});
      return;
    }
    const Between row = between(y, l.factor.height, in.height);
    const Between column = between(x, l.factor.width, in.width);
    for (const auto& [sy, wy] : {std::pair(row.low, 1 - row.towards_high), std::pair(row.high, row.towards_high)})
      for (const auto& [sx, wx] :
           {std::pair(column.low, 1 - column.towards_high), std::pair(column.high, column.towards_high)})
        all.push_back({at(in, n, c, sy, sx), to, wy * wx});
  });
  return all;
}

inline std::vector<Share> dropout_shares(const Dropout& l, std::size_t layer, std::size_t size, std::int64_t batch,
                                         const DropoutKey& key) {
  std::vector<Share> all;
  for (std::size_t n = 0; n < static_cast<std::size_t>(batch); ++n) {
    Random random(key.seed, "dropout " + std::to_string(layer) + " " + std::to_string(n), key.client, key.step);
    for (std::size_t i = n * size; i < (n + 1) * size; ++i)
      if (!(random.uniform() < l.rate)) all.push_back({i, i, 1.0 / (1.0 - static_cast<double>(l.rate))});
  }
  return all;
}

// The values that are normalised together, and by which parameters.
struct Group {
  std::size_t channel;
  std::vector<std::size_t> members;
};

inline std::vector<Group> groups(const Shape& s, std::int64_t batch, std::int64_t instance_channels) {
  std::vector<Group> all;
  for (std::int64_t c = 0; c < s.channels; ++c)
    for (std::int64_t n = 0; n < batch; ++n) {
      if (n == 0 || c < instance_channels) all.push_back({static_cast<std::size_t>(c), {}});
      for (std::int64_t y = 0; y < s.height; ++y)
        for (std::int64_t x = 0; x < s.width; ++x) all.back().members.push_back(at(s, n, c, y, x));
    }
  return all;
}

struct Moments {
  double mean = 0;
  double variance = 0;  // biased
};

inline Moments moments(const Group& group, const Values& input) {
  Moments result;
  const auto count = static_cast<double>(group.members.size());
  for (const auto i : group.members) result.mean += input[i] / count;
  for (const auto i : group.members) result.variance += std::pow(input[i] - result.mean, 2) / count;
  return result;
}

}  // namespace outrider::nn::reference
