#include "client/daemon/daemon_command.h"

#include <map>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "knowledge/capacity.h"
#include "knowledge/checked_option.h"
#include "knowledge/quantity_option.h"
#include "learners/nn/threads.h"

namespace outrider::client {
namespace {

const std::map<std::string, Precision> kPrecisions{
    {"float32", Precision::float32}, {"float16", Precision::float16}, {"int8", Precision::int8}};

}  // namespace

void add_options(CLI::App& app, DaemonOptions& options) {
  app.add_option("--aggregator", options.aggregator, "Its address, as it printed it: tcp://HOST:PORT[#KEY]")
      ->required();
  app.add_option("--data", options.learner.data,
                 "Pictures (PNG, JPEG), one folder per class; for tasks, one folder per task with those in it. "
                 "Watched for new ones; the folder exists already")
      ->required();
  app.add_option("--state", options.state, "Directory of the durable state; created if it does not exist")->required();
  app.add_option("--name", options.name, "How people know this client, in UTF-8 (default: the host's name)");
  app.add_option(
         "--threads", options.learner.threads,
         "To learn with: more are quicker on a device that does nothing else, and slower on a busy one; 0: one per "
         "processor")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
  app.add_option("--precision", options.learner.precision,
                 "How prototypes and updates of a model travel: float32, float16 or int8 (4, 2 or 1 bytes a number)")
      ->transform(one_of(kPrecisions));
  add_quantity(app, "--memory", options.capacity.memory,
               "What this device can spare to train a model, beside the program and its pictures: 64MB, 512MiB; "
               "where it is little, the client is given a narrow part of the model (default: unlimited)",
               "the memory", parse_memory);
  add_quantity(app, "--compute", options.capacity.operations,
               "Likewise, floating-point operations a second: 500M, 2G; training is to be done within a round "
               "(default: unlimited)",
               "the compute", parse_operations);
  for (const auto& family : *options.families) family->add_learner_options(app);
}

int run_client(const DaemonOptions& options) {
  if (const auto shortage = nn::thread_shortage(options.learner.threads)) spdlog::warn("{}", *shortage);
  run_daemon(options);
  return 0;
}

}  // namespace outrider::client
