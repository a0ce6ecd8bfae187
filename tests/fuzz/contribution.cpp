// Contributions as stores keep them.
#include "knowledge/contribution.h"

#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const Contribution contribution = decode_contribution(bytes);
    fuzz::must(decode_contribution(encode(contribution)) == contribution, "a contribution is written as it was read");
    contribution.id();
  });
  fuzz::refusing([&] {
    const StoredContribution stored = decode_stored_contribution(bytes);
    const StoredContribution again = decode_stored_contribution(encode(stored));
    fuzz::must(again.contribution == stored.contribution && again.parts == stored.parts,
               "a stored contribution is written as it was read");
  });
  return 0;
}
