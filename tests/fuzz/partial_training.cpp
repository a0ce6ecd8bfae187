// A training that has not ended, which `outrider pretrain` goes on from.
#include "learners/prototypical/partial_training.h"

#include "knowledge/sealed_file.h"
#include "tests/fuzz/refusing.h"
#include "tests/fuzz/scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static const fuzz::ScratchFile file("encoder.outrider.partial");
  static const nn::NetworkSpec network =
      nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2");
  const Bytes sealed = seal({data, size});  // no fuzzer guesses a digest
  fuzz::refusing([&] {
    const PartialFile partial(file.write(sealed));
    fuzz::must(partial.settings().size() <= kMostTrainingSettings, "settings are bounded");
    partial.state_of(network).parameters.check(network);
  });
  return 0;
}
