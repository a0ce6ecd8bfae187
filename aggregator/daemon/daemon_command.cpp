#include "aggregator/daemon/daemon_command.h"

#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "knowledge/capacity.h"
#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "knowledge/quantity_option.h"
#include "knowledge/whole_file.h"

namespace outrider::aggregator {
namespace {

std::uint64_t history_bytes(const std::string& what, std::string_view text) {
  return text == "unlimited" ? HistoryLimits::kUnlimited : parse_memory(what, text);
}

}  // namespace

void add_options(CLI::App& app, DaemonCommand& options) {
  app.add_option("--state", options.daemon.state, "Directory of the durable state; created if it does not exist")
      ->required();
  app.add_option("--listen", options.daemon.listen,
                 "Where to listen. A loopback address is plain; any other is encrypted, and clients need the "
                 "address with the key that is printed at the start")
      ->capture_default_str();
  app.add_option("--pretrained", options.pretrained,
                 "The encoder that clients learn with, as written by `outrider pretrain`, the base network, as "
                 "written by `outrider base`, or the model, as written by `outrider model`; needed once, it is kept "
                 "in the state");
  app.add_flag("--replace", options.daemon.replace,
               "--pretrained may be another than the one in the state: all clients learn anew with it");
  for (const auto& family : options.daemon.families->families) family->add_options(app);
  add_quantity(app, "--history", options.daemon.limits.history.bytes,
               "What superseded contributions may take on disk, as 10GB: those that their client has replaced by "
               "later ones, as updates of a model are in every round. Where they take more, the oldest payloads are "
               "dropped; that they were is kept of the latest 250,000. \"unlimited\" keeps everything (default: 1GB)",
               "the history", history_bytes);
  app.add_option("--heartbeat", options.daemon.pace.heartbeat_seconds, "Seconds between signs of life of a client")
      ->check(whole_number(1, 3600))
      ->capture_default_str();
  app.add_option("--address-file", options.address_file,
                 "Write the address for clients to this file, when ready; where there are several, the one that "
                 "leads out of this machine");
}

int run_aggregator(const DaemonCommand& options) {
  DaemonOptions daemon = options.daemon;
  if (!options.address_file.empty()) require_writable(options.address_file);
  if (!options.pretrained.empty()) daemon.pretrained = options.pretrained;
  for (const auto& family : daemon.families->families) family->check();
  daemon.on_ready = [file = options.address_file](const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses)
      spdlog::info("clients connect with: outrider client --aggregator '{}' --data DIR --state DIR", address);
    if (!file.empty()) write_durably(file, addresses.front() + '\n');
  };
  run_daemon(std::move(daemon));
  return 0;
}

}  // namespace outrider::aggregator
