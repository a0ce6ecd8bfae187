#include "learners/growing/widening_to.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/growing/net2net.h"

namespace outrider::growing {
namespace {

struct OwnChannels {
  std::int64_t operator()(const nn::Convolution& layer) const { return layer.channels; }
  std::int64_t operator()(const nn::TransposedConvolution& layer) const { return layer.channels; }
  std::int64_t operator()(const nn::FullyConnected& layer) const { return layer.channels; }
  std::int64_t operator()(const auto&) const { return 0; }
};

}  // namespace

std::vector<GrowthStep> widening_to(const nn::NetworkSpec& narrow, const nn::NetworkSpec& wide, std::uint64_t seed) {
  require(narrow.layers.size() == wide.layers.size(),
          fmt::format("a network of {} layers cannot become one of {} by widening", narrow.layers.size(),
                      wide.layers.size()));
  std::vector<GrowthStep> steps;
  nn::NetworkSpec reached = narrow;
  for (const std::size_t layer : widenable_layers(narrow)) {
    const std::int64_t from = std::visit(OwnChannels{}, narrow.layers[layer]);
    const std::int64_t to = std::visit(OwnChannels{}, wide.layers[layer]);
    require(to >= from, fmt::format("layer {} has {} channels; widening cannot make that {}", layer + 1, from, to));
    if (to == from) continue;
    const WidenStep step{.layer = layer, .channels = to, .seed = seed + layer};
    steps.push_back(step);
    reached = widened_network(reached, step);
  }
  require(reached == wide, "the wide network differs from the narrow one in more than its widths");
  return steps;
}

}  // namespace outrider::growing
