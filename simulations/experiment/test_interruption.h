// For tests of runs that are interrupted and resumed: ctrl-C at a chosen moment, and reports without what no two runs
// have alike.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>
#include <signal.h>

#include "simulations/experiment/interruption.h"
#include "simulations/experiment/progress.h"

namespace outrider::simulations {

// A report.json without times, and without the memory that the process had.
inline nlohmann::json without_moments(nlohmann::json report) {
  static const std::set<std::string> moments = {"seconds", "seconds_per_task", "bytes_per_resting_client"};
  static const std::set<std::string> figures = {"time per task", "events per second", "bytes per resting client"};
  const auto is_figure_of_moment = [](const nlohmann::json& figure) {
    return figure.is_object() && figure.contains("unit") && figures.contains(figure.value("name", ""));
  };
  if (report.is_object()) {
    for (const std::string& name : moments) report.erase(name);
    for (auto& [name, member] : report.items()) member = without_moments(std::move(member));
  } else if (report.is_array()) {
    std::erase_if(report.get_ref<nlohmann::json::array_t&>(), is_figure_of_moment);
    for (auto& element : report) element = without_moments(std::move(element));
  }
  return report;
}

// `run` takes a display and an interruption. It gets SIGINT when it has looked at the display's clock that often, which
// it does whenever work goes on; 0: never.
template <typename Run>
auto run_until(int looks, Run&& run) {
  std::ostringstream log;
  ProgressOptions progress;
  progress.clock = [&looks] {
    if (looks > 0 && --looks == 0) ::raise(SIGINT);
    return std::chrono::steady_clock::now().time_since_epoch();
  };
  ProgressDisplay display(log, false, progress);
  Interruption interruption;
  return run(display, interruption);
}

}  // namespace outrider::simulations
