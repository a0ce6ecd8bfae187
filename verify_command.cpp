#include "verify_command.h"

#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aggregator/core/verification.h"
#include "aggregator/daemon/identity.h"
#include "client/core/verification.h"
#include "knowledge/counted.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"

namespace outrider {
namespace {

// What was looked at, in the words of people and of programs.
struct Report {
  std::string whose;
  std::string extent;
  nlohmann::json counts;
  Damages damages;
};

Report look_at_aggregator(const Store& store, const protocol::KeyPair& keys,
                          const aggregator::ServerFamilies& families) {
  const aggregator::Self self = aggregator::self_of(keys);
  aggregator::Verification found = aggregator::verify(self.id, store, families.make(self));
  return {"an aggregator's",
          fmt::format("{} ({} with what was said), {}, {}, revision {}, knowledge {}",
                      counted(found.decisions, "decision"), found.payloads, counted(found.clients, "client"),
                      counted(found.topics, "topic"), number(found.revision), found.knowledge.brief()),
          {{"decisions", found.decisions},
           {"payloads", found.payloads},
           {"clients", found.clients},
           {"topics", found.topics},
           {"definitions", found.definitions},
           {"revision", number(found.revision)},
           {"knowledge", found.knowledge.hex()}},
          std::move(found.damages)};
}

Report look_at_client(const Store& store) {
  client::Verification found = client::verify(store);
  return {"a client's",
          fmt::format("{} of its own, knowledge on {}, revision {}", counted(found.contributions, "contribution"),
                      counted(found.topics, "topic"), number(found.revision)),
          {{"contributions", found.contributions},
           {"topics", found.topics},
           {"definitions", found.definitions},
           {"revision", number(found.revision)}},
          std::move(found.damages)};
}

Report look_at(const VerifyOptions& options) {
  if (!std::filesystem::is_directory(options.state))
    throw InputError("there is no state in '" + options.state.string() +
                     "'; expected the directory that --state names where an aggregator or a client is started");
  const auto store = open_store_read_only(options.state);
  if (!aggregator::is_aggregators(*store)) return look_at_client(*store);
  const auto keys = aggregator::stored_identity(*store);
  if (!keys) throw InputError("the state '" + options.state.string() + "' has lost its aggregator's key");
  return look_at_aggregator(*store, *keys, *options.families);
}

}  // namespace

void add_options(CLI::App& app, VerifyOptions& options) {
  app.add_option("state", options.state, "The directory of an aggregator or a client, which may be running")
      ->required();
  app.add_flag("--json", options.json, "For programs");
}

int run_verify(const VerifyOptions& options) {
  const Report report = look_at(options);
  const std::size_t unnamed = report.damages.count() - report.damages.named().size();
  if (options.json) {
    nlohmann::json json = report.counts;
    json["state"] = report.whose == "a client's" ? "client" : "aggregator";
    json["whole"] = report.damages.count() == 0;
    json["damages"] = report.damages.named();
    json["more_damages"] = unnamed;
    std::cout << json_text(json, 2) << '\n';
  } else {
    for (const std::string& damage : report.damages.named()) std::cout << "damaged: " << damage << '\n';
    if (unnamed > 0) std::cout << "and " << unnamed << " more\n";
    std::cout << fmt::format("{} state, {}: {}\n", report.whose,
                             report.damages.count() == 0 ? "whole" : counted(report.damages.count(), "damage"),
                             report.extent);
  }
  return report.damages.count() == 0 ? 0 : 1;
}

}  // namespace outrider
