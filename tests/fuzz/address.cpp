// An aggregator's address on a command line: what is read can be written, and that is read as the same.
#include "protocol/address.h"

#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const std::string text(text_of({data, size}));
  fuzz::refusing([&] {
    const protocol::Address address = protocol::Address::parse(text);
    fuzz::must(protocol::Address::parse(address.text()) == address, "an address is written as it was read");
    address.endpoint();
    address.loopback();
  });
  return 0;
}
