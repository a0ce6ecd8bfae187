// The daemons and `predict` of outrider, which know one family more.
#include <iostream>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "aggregator/daemon/daemon_command.h"
#include "aggregator/families/families.h"
#include "client/daemon/daemon_command.h"
#include "client/families/families.h"
#include "client/predict_command.h"
#include "knowledge/definition.h"
#include "tests/toy_family/counter.h"

namespace {

using namespace outrider;

int run(int argc, char** argv) {
  CLI::App app;
  app.require_subcommand(1);

  const auto served = aggregator::known_families();
  served->families.push_back(toy::counter_at_aggregators());
  // It has no file of its own: whatever it is given, it counts.
  served->read = [](const std::filesystem::path&) {
    return aggregator::Published{Definition{std::string(toy::kCounterKind), {}}.encode(), {}};
  };
  aggregator::DaemonCommand aggregator;
  aggregator.daemon.families = served;
  add_options(*app.add_subcommand("aggregator"), aggregator);

  const auto known = client::known_families();
  known->push_back(toy::counter_at_clients());
  client::DaemonOptions learning;
  learning.families = known;
  add_options(*app.add_subcommand("client"), learning);
  client::PredictOptions predicting;
  predicting.families = known;
  add_options(*app.add_subcommand("predict"), predicting);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (app.got_subcommand("aggregator")) return run_aggregator(aggregator);
  return app.got_subcommand("client") ? run_client(learning) : run_predict(predicting);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    spdlog::set_default_logger(spdlog::stderr_color_mt("toy"));
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "outrider: " << error.what() << '\n';
  }
  return 1;
}
