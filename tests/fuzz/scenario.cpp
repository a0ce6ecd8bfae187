// A scenario file of any kind; the data set that it names is not opened.
#include "simulations/class_incremental/mission_scenario.h"
#include "simulations/federated_rounds/rounds_scenario.h"
#include "simulations/scenario_kind.h"
#include "simulations/task_incremental/study.h"
#include "simulations/virtual_fleet/federation.h"
#include "tests/fuzz/refusing.h"
#include "tests/fuzz/scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using namespace outrider::simulations;
  static const fuzz::ScratchFile file("scenario.toml");
  const std::filesystem::path& path = file.write({data, size});
  fuzz::refusing([&] {
    switch (kind_of(path)) {
      case ScenarioKind::mission:
        return void(load_scenario(path));
      case ScenarioKind::study:
        return void(load_study(path));
      case ScenarioKind::federation:
        return void(load_federation(path));
      case ScenarioKind::rounds:
        return void(load_rounds(path));
    }
  });
  return 0;
}
