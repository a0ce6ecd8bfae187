// What merging two clients' small networks by growth is worth on Fashion-MNIST, beside averaging them and a large
// network from scratch: accuracy and operations, as the table in docs/growing.md.
//   growing_study [SEED] [SHARED PICTURES PER CLASS] [CHANNEL SHARE] [TEMPLATES] [EPOCHS] [RATE] [MERGED RATE]
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "learners/data/open.h"
#include "learners/encoders/architectures.h"
#include "learners/surgery/narrow.h"
#include "simulations/federated_rounds/merging_study.h"

namespace outrider {
namespace {

constexpr std::size_t kOwn = 1000;  // pictures of each class that a client has

int run(const std::vector<std::string>& arguments) {
  const auto argument = [&](std::size_t index, const char* otherwise) {
    return std::stod(index < arguments.size() ? arguments[index] : otherwise);
  };
  simulations::MergingOptions options;
  options.seed = static_cast<std::uint64_t>(argument(0, "1"));
  options.shared = static_cast<std::size_t>(argument(1, "100"));
  options.own = kOwn;
  options.small.part =
      surgery::narrow_network(architecture("conv4", {1, 28, 28}, {.classes = 10}), argument(2, "0.25"));
  options.small.templates = static_cast<std::uint32_t>(argument(3, "2"));
  options.alone = {.batch = 64, .epochs = 10, .rate = static_cast<float>(argument(5, "0.05"))};
  options.merged = {.batch = 64,
                    .epochs = static_cast<std::size_t>(argument(4, "20")),
                    .rate = static_cast<float>(argument(6, "0.05"))};
  DatasetPair data = open_dataset("fashion-mnist");
  const simulations::MergingData merging{
      {{1, 28, 28}, false, 0.286F, 0.353F}, std::move(data.train), std::move(data.test)};
  for (const simulations::MergingRow& row : simulations::compare_merging(options, merging))
    fmt::print("{:<36} {:.3f} {:>10.3g} operations {:>9} bytes\n", row.way, row.accuracy, row.flops, row.bytes);
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  return outrider::run({argv + 1, argv + argc});
}
