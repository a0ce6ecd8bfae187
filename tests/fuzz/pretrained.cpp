// A file of `outrider pretrain`, which an aggregator starts from.
#include "learners/prototypical/pretrained.h"

#include "tests/fuzz/refusing.h"
#include "tests/fuzz/scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static const fuzz::ScratchFile file("encoder.outrider");
  fuzz::refusing([&] {
    const Pretrained pretrained = load_pretrained(file.write({data, size}));
    fuzz::must(!pretrained.encoder.empty(), "a file that is taken has something to learn with");
  });
  return 0;
}
