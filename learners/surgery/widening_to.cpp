#include "learners/surgery/widening_to.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/surgery/net2net.h"

namespace outrider::surgery {

std::vector<GrowthStep> widening_to(const nn::NetworkSpec& narrow, const nn::NetworkSpec& wide, std::uint64_t seed,
                                    bool fresh) {
  require(narrow.layers.size() == wide.layers.size(),
          fmt::format("a network of {} layers cannot become one of {} by widening", narrow.layers.size(),
                      wide.layers.size()));
  const auto narrow_shapes = narrow.shapes();  // that of the input first
  const auto wide_shapes = wide.shapes();
  std::vector<GrowthStep> steps;
  nn::NetworkSpec reached = narrow;
  for (const std::size_t layer : widenable_layers(narrow)) {
    const std::int64_t from = narrow_shapes[layer + 1].channels;
    const std::int64_t to = wide_shapes[layer + 1].channels;
    require(to >= from, fmt::format("layer {} has {} channels; widening cannot make that {}", layer + 1, from, to));
    if (to == from) continue;
    const WidenStep step{.layer = layer, .channels = to, .seed = seed + layer, .fresh = fresh};
    steps.push_back(step);
    reached = widened_network(reached, step);
  }
  require(reached == wide, "the wide network differs from the narrow one in more than its widths");
  return steps;
}

}  // namespace outrider::surgery
