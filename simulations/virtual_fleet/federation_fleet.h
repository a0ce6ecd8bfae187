// A federation as real daemons, to hold the virtual world against: the same pictures come to the same clients.
#pragma once

#include <filesystem>
#include <functional>

#include "simulations/experiment/progress.h"
#include "simulations/virtual_fleet/assignment.h"
#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/virtual_fleet/federation.h"
#include "simulations/virtual_fleet/federation_report.h"

namespace outrider::simulations {

inline constexpr std::size_t kMostProcesses = 256;

// Throws InputError, one sentence, when a federation cannot run as processes: its data are no pictures, its clients lie
// or take classes back (no daemon does), or there are too many.
void require_processes(const Federation& federation);

// Between the processes: loopback, or a network namespace for each (network_namespaces.h) with the profile's rate and,
// where the kernel can emulate them, the scenario's loss, duplication and delays: uniform, and cut at half a second.
enum class FleetNetwork : std::uint8_t { loopback, namespaces };

// Starts an aggregator and a client for each of the federation's, in `directory`, and gives each step's pictures to all
// of them at once; the next step begins when everybody has caught up. The scenario's crashes are kill -9 here: as many
// as in its hours, while clients learn. Its hours and what its devices are like are left to the real ones. Throws
// InputError when a daemon dies by itself or does not catch up. `poll` is called several times a second; what it throws
// ends the work, and the daemons.
ProcessRun run_as_processes(const Federation& federation, const EmbeddedData& data, const Assignment& assignment,
                            std::uint64_t seed, const std::filesystem::path& directory, FleetNetwork network,
                            ProgressDisplay& display, const std::function<void()>& poll = {});

}  // namespace outrider::simulations
