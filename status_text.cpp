#include "status_text.h"

#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/capacity.h"
#include "knowledge/utf8.h"
#include "learners/supermask/merge.h"
#include "simulations/report/table.h"

namespace outrider {
namespace {

constexpr std::uint64_t kMinute = 60, kHour = 3600, kDay = 86'400;
constexpr std::uint64_t kLongGone = 7 * kDay;

// Seconds; nothing where it is not known.
std::optional<std::uint64_t> silence_of(const protocol::ClientStatus& client, std::uint64_t now) {
  if (client.connected) return 0;
  if (client.seconds_since_seen > 0) return client.seconds_since_seen;
  if (client.last_seen == 0) return std::nullopt;
  return now > client.last_seen ? now - client.last_seen : 0;
}

std::string ago(std::optional<std::uint64_t> seconds) {
  if (!seconds) return "not seen since the start";
  if (*seconds < 2 * kMinute) return fmt::format("{} s ago", *seconds);
  if (*seconds < 2 * kHour) return fmt::format("{} min ago", *seconds / kMinute);
  if (*seconds < 2 * kDay) return fmt::format("{} h ago", *seconds / kHour);
  return fmt::format("{} days ago", *seconds / kDay);
}

std::string headline(const protocol::Status& status, bool tasks) {
  const std::string what = tasks ? "tasks" : "classes";
  std::string topics = fmt::format("{} {}", status.topics.size(), what);
  if (status.all_topics > 0 && status.usable_topics != status.all_topics)
    topics = fmt::format("{} {}, {} more of an earlier {}", status.usable_topics, what,
                         status.all_topics - status.usable_topics, tasks ? "base network" : "encoder");
  return fmt::format("revision {}   {} {}   {}   {} clients\n", number(status.revision),
                     tasks ? "base network" : "encoder", status.definition.empty() ? "none" : status.definition.brief(),
                     topics, status.clients.size());
}

std::string client_table(const protocol::Status& status, std::uint64_t now, bool all) {
  simulations::Table table(
      {"client", "id", "connected", "taught", "refused", "undelivered", "replica", "version", "memory", "compute"});
  std::size_t long_gone = 0;
  for (const auto& client : status.clients) {
    const auto silence = silence_of(client, now);
    if (!all && silence.value_or(0) > kLongGone) {
      ++long_gone;
      continue;
    }
    const bool counted = client.accepted + client.refused > 0;  // an aggregator of before tells only their sum
    table.row({utf8::printable(client.name), client.client.brief(), client.connected ? "yes" : "no, " + ago(silence),
               std::to_string(counted ? client.accepted : number(client.highest_decided)),
               std::to_string(client.refused), std::to_string(client.outbox), std::to_string(number(client.replica)),
               client.version.empty() ? "-" : utf8::printable(client.version), memory_text(client.capacity.memory),
               operations_text(client.capacity.operations)});
  }
  std::string text = table.rows().empty() ? "" : table.text();
  if (long_gone > 0)
    text += fmt::format("and {} that have not been heard of for a week: --all shows them\n", long_gone);
  return text;
}

std::string topic_table(const protocol::Status& status, bool tasks) {
  if (status.topics.empty()) return "";
  simulations::Table table({tasks ? "task" : "class", "pictures", "contributors", "since revision"});
  for (const auto& topic : status.topics)
    table.row({utf8::printable(topic.topic.subject, 1024) +
                   (topic.topic.space == status.definition ? "" : " (of an earlier one)"),
               topic.examples == 0 ? "-" : std::to_string(topic.examples), std::to_string(topic.contributors),
               std::to_string(number(topic.changed))});
  return table.text();
}

nlohmann::json stated(std::uint64_t number) {
  return number == Capacity::kUnlimited ? nlohmann::json() : nlohmann::json(number);
}

}  // namespace

nlohmann::json as_json(const protocol::Status& status) {
  nlohmann::json clients = nlohmann::json::array();
  for (const auto& client : status.clients)
    clients.push_back({{"id", client.client.hex()},
                       {"name", client.name},
                       {"contributions_decided", number(client.highest_decided)},
                       {"contributions_accepted", client.accepted},
                       {"contributions_refused", client.refused},
                       {"last_seen", client.last_seen == 0 ? nlohmann::json() : nlohmann::json(client.last_seen)},
                       {"seconds_since_seen", client.seconds_since_seen},
                       {"version", client.version},
                       {"undelivered", client.outbox},
                       {"replica_revision", number(client.replica)},
                       {"connected", client.connected},
                       {"memory_bytes", stated(client.capacity.memory)},
                       {"operations_per_second", stated(client.capacity.operations)}});
  nlohmann::json classes = nlohmann::json::array();
  for (const auto& topic : status.topics)
    classes.push_back({{"kind", topic.topic.kind},
                       {"space", topic.topic.space.hex()},
                       {"class", topic.topic.subject},
                       {"contributors", topic.contributors},
                       {"examples", topic.examples == 0 ? nlohmann::json() : nlohmann::json(topic.examples)},
                       {"changed_in_revision", number(topic.changed)}});
  nlohmann::json facts = nlohmann::json::object();
  for (const Fact& fact : status.facts) facts[fact.name] = fact.value;
  return {{"aggregator", status.aggregator.hex()},
          {"revision", number(status.revision)},
          {"encoder", status.definition.empty() ? nlohmann::json() : nlohmann::json(status.definition.hex())},
          {"clients", std::move(clients)},
          {"classes", std::move(classes)},
          {"usable_classes", status.usable_topics},
          {"all_classes", status.all_topics == 0 ? status.topics.size() : status.all_topics},
          {"facts", std::move(facts)}};
}

std::string status_text(const protocol::Status& status, std::uint64_t now, bool all) {
  const bool tasks = !status.topics.empty() && status.topics.front().topic.kind == kSupermaskKind;
  std::string text = headline(status, tasks);
  for (const Fact& fact : status.facts)
    text += fmt::format("{}: {}\n", utf8::printable(fact.name), utf8::printable(fact.value, 1024));
  const std::string clients = client_table(status, now, all), topics = topic_table(status, tasks);
  if (!clients.empty()) text += '\n' + clients;
  if (!topics.empty()) text += '\n' + topics;
  return text;
}

}  // namespace outrider
