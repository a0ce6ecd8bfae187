// What a virtual world costs with more and more clients: scenarios/ten-thousand.toml with 100 to 10,000 of them.
//   world_benchmark --benchmark_format=json
//   world_benchmark --plot=world.svg         also draws the seconds of a world over its clients
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "simulations/experiment/stopwatch.h"
#include "simulations/report/chart.h"
#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/virtual_fleet/federation_world.h"
#include "simulations/virtual_fleet/prototype_curriculum.h"
#include "simulations/world/mission_world.h"

namespace outrider::simulations {
namespace {

constexpr std::int64_t kClients[] = {100, 300, 1000, 3000, 10'000};
constexpr std::size_t kEpisodes = 20;  // pre-training is not what is measured

struct Mission {
  Federation federation = load_federation(OUTRIDER_SOURCES "/scenarios/ten-thousand.toml");
  EmbeddedData data;
  ChartSeries seconds{.name = "seconds", .points = {}};

  Mission() {
    federation.pretraining.episodes = kEpisodes;
    ProgressDisplay display(std::cerr, false);
    data = embed_federation(federation, 1, display);
  }
};

void world(benchmark::State& state, Mission& mission) {
  Federation federation = mission.federation;
  federation.plan.clients = static_cast<std::size_t>(state.range(0));
  const auto clients = static_cast<double>(federation.plan.clients);
  const Assignment assignment(federation, mission.data.train.pictures, 1);
  const PrototypeCurriculum curriculum(mission.data, assignment, 0, 1);
  const WorldOptions options = world_of(federation, mission.data, 1, Watch::light);
  std::uint64_t events = 0;
  for ([[maybe_unused]] const auto& unused : state) {
    const Stopwatch stopwatch;
    NoExchange alone;
    events = run_world(options, curriculum, alone).events;
    mission.seconds.points.push_back({clients, stopwatch.seconds()});
  }
  using benchmark::Counter;
  state.counters["clients"] = Counter(clients, Counter::kIsIterationInvariantRate);
  state.counters["events"] = Counter(static_cast<double>(events), Counter::kIsIterationInvariantRate);
  state.counters["events_per_client"] = static_cast<double>(events) / clients;
  state.SetComplexityN(state.range(0));
}

void plot(const ChartSeries& seconds, const std::string& file) {
  Chart chart;
  chart.title = "A mission of ten rendezvous, seconds";
  chart.x_label = "clients";
  chart.y_label = "seconds";
  chart.y_from = 0;
  chart.x_from = 0;
  ChartSeries line{.name = "in proportion to the largest", .points = {}, .dashed = true};
  const ChartPoint& largest = seconds.points.back();
  for (const ChartPoint& point : seconds.points) line.points.push_back({point.x, largest.y * point.x / largest.x});
  chart.series = {seconds, line};
  save_svg(chart, file);
}

int run(int argc, char** argv) {
  std::optional<std::string> file;
  std::vector<char*> others;
  for (char* argument : std::span(argv, static_cast<std::size_t>(argc))) {
    constexpr std::string_view kPlot = "--plot=";
    const std::string_view text(argument);
    if (text.starts_with(kPlot)) {
      file = text.substr(kPlot.size());
    } else {
      others.push_back(argument);
    }
  }
  int count = static_cast<int>(others.size());
  benchmark::Initialize(&count, others.data());
  if (benchmark::ReportUnrecognizedArguments(count, others.data())) return 1;
  Mission mission;
  auto* added = benchmark::RegisterBenchmark("world", [&](benchmark::State& state) { world(state, mission); });
  for (const std::int64_t clients : kClients) added->Arg(clients);
  added->Iterations(1)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);
  benchmark::RunSpecifiedBenchmarks();
  if (file) plot(mission.seconds, *file);
  return 0;
}

}  // namespace
}  // namespace outrider::simulations

int main(int argc, char** argv) {
  return outrider::simulations::run(argc, argv);
}
