// A scenario file of any kind; the data set that it names is not opened.
#include "simulations/kinds.h"
#include "tests/fuzz/refusing.h"
#include "tests/fuzz/scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using namespace outrider::simulations;
  static const fuzz::ScratchFile file("scenario.toml");
  const std::filesystem::path& path = file.write({data, size});
  fuzz::refusing([&] {
    SimulateOptions options;
    options.scenario = path;
    const ExperimentKinds all = kinds();
    kind_of(path, all).open(options);
  });
  return 0;
}
