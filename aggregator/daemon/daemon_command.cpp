#include "aggregator/daemon/daemon_command.h"

#include <chrono>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "knowledge/capacity.h"
#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "knowledge/quantity_option.h"
#include "knowledge/whole_file.h"
#include "learners/averaging/strategy.h"

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
  app.add_option("--cohort", options.daemon.rounds.cohort, "Clients that are asked in a round of training a model")
      ->check(whole_number(1, averaging::StrategyLimits::kClients))
      ->capture_default_str();
  app.add_option("--minimum", options.daemon.rounds.minimum,
                 "Updates that a round needs, at most the cohort; it begins with as many clients")
      ->check(whole_number(1, averaging::StrategyLimits::kClients))
      ->capture_default_str();
  app.add_option("--rounds", options.daemon.rounds.rounds,
                 "Rounds that a model is trained; then it is finished (default: without end)")
      ->check(whole_number(1, 1'000'000'000));
  app.add_option("--patience", options.daemon.rounds.patience,
                 "Training ends when so many rounds have not done better on the pictures that clients hold out "
                 "(default: it does not)")
      ->check(whole_number(1, 1'000'000'000));
  app.add_option("--round-seconds", options.round_seconds,
                 "After which a round makes do with the minimum, or asks others")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--most-pictures", options.daemon.admission.most_pictures,
                 "Of a class, that one client may say it has; more is refused")
      ->check(whole_number(1, kContributedLimits.count))
      ->capture_default_str();
  app.add_option("--most-classes", options.daemon.admission.most_classes, "That one client may teach; more are refused")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  app.add_flag("--open-base", options.daemon.admission.open_base,
               "Clients weigh in base classes as in others (default: each counts for a fifth of the base pictures, at "
               "most)");
  app.add_flag("--trust-alone", options.daemon.admission.trust_alone,
               "Clients trust classes that one client alone teaches, however many (default: with more than 8, and more "
               "than others, they count as farther away until somebody confirms them)");
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
  daemon.rounds.duration = std::chrono::seconds(options.round_seconds);
  daemon.rounds.check();
  daemon.on_ready = [file = options.address_file](const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses)
      spdlog::info("clients connect with: outrider client --aggregator '{}' --data DIR --state DIR", address);
    if (!file.empty()) write_durably(file, addresses.front() + '\n');
  };
  run_daemon(std::move(daemon));
  return 0;
}

}  // namespace outrider::aggregator
