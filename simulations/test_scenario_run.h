// For the tests of this folder: a scenario on small pictures, run to its end or interrupted.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "knowledge/temporary_directory.h"
#include "simulations/experiment/test_experiment_run.h"
#include "simulations/experiment/test_interruption.h"
#include "simulations/test_studies.h"

namespace outrider::simulations {

// `Kind` is an experiment: StudyExperiment, RoundsExperiment.
template <typename Kind>
class ScenarioRunTest : public testing::Test {
 protected:
  ScenarioRunTest(const char* text, std::size_t classes, std::size_t train, std::size_t test) {
    std::filesystem::create_directories(data());
    save_as_mnist(bright_places(classes, train, 0), data(), "train");
    save_as_mnist(bright_places(classes, test, 1), data(), "t10k");
    std::ofstream(file()) << text;
  }

  std::filesystem::path data() const { return directory_.path() / "data"; }
  std::filesystem::path file() const { return directory_.path() / "small.toml"; }
  std::filesystem::path output() const { return directory_.path() / "out"; }
  SimulateOptions options() const {
    SimulateOptions options;
    options.scenario = file();
    options.output = output();
    options.data = data();
    return options;
  }

  // Interrupted after so many looks at the clock; 0: never.
  auto run(const SimulateOptions& chosen, int looks = 0) {
    return run_until(looks, [&](ProgressDisplay& display, Interruption& interruption) {
      return report_of_run<Kind>(chosen, display, interruption);
    });
  }

  // Empty: none.
  std::string refusal(const SimulateOptions& chosen) {
    return objection_of([&] { run(chosen); }).value_or("");
  }

  TemporaryDirectory directory_;
};

}  // namespace outrider::simulations
