// A network and a strategy as text: what is read can be written, and that is read as the same.
#include "learners/averaging/strategy.h"
#include "learners/nn/network.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string text(text_of({data, size}));
  fuzz::refusing([&] {
    const nn::NetworkSpec network = nn::parse_network(text);
    network.shapes();
    fuzz::must(nn::parse_network(network.text()) == network, "a network is written as it was read");
  });
  fuzz::refusing([&] {
    const averaging::Strategy strategy = averaging::parse_strategy(text);
    fuzz::must(averaging::parse_strategy(strategy.text()) == strategy, "a strategy is written as it was read");
  });
  return 0;
}
