#include "simulations/virtual_fleet/federation_record.h"

#include <nlohmann/json.hpp>

#include "simulations/report/matrix_record.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;

json optional_share(const std::optional<double>& share) {
  return share ? json(*share) : json();
}

std::optional<double> optional_share_from(const json& share) {
  return share.is_null() ? std::nullopt : std::optional(share.get<double>());
}

// Lists instead of objects: there are thousands of clients.
json record_of_step(const FederationStep& step) {
  return json::array({step.classes, optional_share(step.federated), optional_share(step.alone),
                      optional_share(step.central), step.bytes, step.contributions, step.seconds});
}

FederationStep step_of_record(const json& record) {
  return {record.at(0).get<std::size_t>(),   optional_share_from(record.at(1)), optional_share_from(record.at(2)),
          optional_share_from(record.at(3)), record.at(4).get<std::uint64_t>(), record.at(5).get<std::uint64_t>(),
          record.at(6).get<double>()};
}

json record_of_client(const ClientSummary& client) {
  return json::array({client.client, client.rendezvous, client.pictures, client.crashes, client.missed, client.sent,
                      client.sent_bytes, client.received_bytes, client.on_its_way_ms, client.replica,
                      client.knowledge.hex(), client.done});
}

ClientSummary client_of_record(const json& record) {
  ClientSummary client;
  client.client = record.at(0).get<std::uint32_t>();
  client.rendezvous = record.at(1).get<std::uint32_t>();
  client.pictures = record.at(2).get<std::uint32_t>();
  client.crashes = record.at(3).get<std::uint32_t>();
  client.missed = record.at(4).get<std::uint32_t>();
  client.sent = record.at(5).get<std::uint32_t>();
  client.sent_bytes = record.at(6).get<std::uint64_t>();
  client.received_bytes = record.at(7).get<std::uint64_t>();
  client.on_its_way_ms = record.at(8).get<std::int64_t>();
  client.replica = record.at(9).get<std::uint64_t>();
  client.knowledge = Digest::from_hex(record.at(10).get<std::string>());
  client.done = record.at(11).get<bool>();
  return client;
}

json record_of_world(const WorldSummary& world) {
  const AggregatorNode::Counts& aggregator = world.aggregator;
  json clients = json::array();
  for (const ClientSummary& client : world.clients) clients.push_back(record_of_client(client));
  return {{"events", world.events},
          {"lost", world.lost},
          {"accepted", world.accepted},
          {"revision", number(world.revision)},
          {"knowledge", world.knowledge.hex()},
          {"learned", world.learned.hex()},
          {"aggregator",
           {aggregator.malformed, aggregator.missed, aggregator.crashes, aggregator.torn_writes,
            aggregator.refused_commits, aggregator.refused}},
          {"clients", std::move(clients)}};
}

WorldSummary world_of_record(const json& record) {
  WorldSummary world;
  world.events = record.at("events").get<std::uint64_t>();
  world.lost = record.at("lost").get<std::uint64_t>();
  world.accepted = record.at("accepted").get<std::uint64_t>();
  world.revision = Revision{record.at("revision").get<std::uint64_t>()};
  world.knowledge = Digest::from_hex(record.at("knowledge").get<std::string>());
  // A journal of before has no other.
  world.learned =
      record.contains("learned") ? Digest::from_hex(record.at("learned").get<std::string>()) : world.knowledge;
  const auto counts = record.at("aggregator").get<std::vector<std::uint64_t>>();
  world.aggregator = {counts.at(0), counts.at(1), counts.at(2), counts.at(3), counts.at(4), counts.at(5)};
  for (const json& client : record.at("clients")) world.clients.push_back(client_of_record(client));
  return world;
}

json record_of_processes(const ProcessRun& processes) {
  return json::array({processes.clients, processes.clients_killed, processes.aggregator_killed,
                      processes.knowledge.hex(), processes.seconds});
}

ProcessRun processes_of_record(const json& record) {
  return {record.at(0).get<std::size_t>(), record.at(1).get<std::size_t>(), record.at(2).get<std::size_t>(),
          Digest::from_hex(record.at(3).get<std::string>()), record.at(4).get<double>()};
}

}  // namespace

json record_of(const FederationRun& run) {
  json steps = json::array();
  for (const FederationStep& step : run.steps) steps.push_back(record_of_step(step));
  json made{{"seed", run.seed},
            {"steps", std::move(steps)},
            {"group_classes", run.group_classes},
            {"profile_of_client", run.profile_of_client},
            {"world", record_of_world(run.world)},
            {"seconds", run.seconds},
            {"bytes_per_resting_client", run.bytes_per_resting_client}};
  if (run.processes) made["processes"] = record_of_processes(*run.processes);
  if (run.groups) made["groups"] = accuracies_of(*run.groups);
  if (run.confusion) made["confusion"] = record_of(*run.confusion);
  return made;
}

FederationRun federation_run_from(const json& record) {
  FederationRun run;
  run.seed = record.at("seed").get<std::uint64_t>();
  for (const json& step : record.at("steps")) run.steps.push_back(step_of_record(step));
  if (record.contains("groups")) run.groups = accuracy_matrix_from(record.at("groups"));
  if (record.contains("confusion")) run.confusion = confusion_from(record.at("confusion"));
  run.group_classes = record.at("group_classes").get<std::vector<std::vector<std::string>>>();
  run.profile_of_client = record.at("profile_of_client").get<std::vector<std::uint8_t>>();
  run.world = world_of_record(record.at("world"));
  if (record.contains("processes")) run.processes = processes_of_record(record.at("processes"));
  run.seconds = record.at("seconds").get<double>();
  run.bytes_per_resting_client = record.at("bytes_per_resting_client").get<double>();
  return run;
}

}  // namespace outrider::simulations
