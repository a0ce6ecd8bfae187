#include "tests/daemons.h"

#include <algorithm>
#include <stdexcept>

#include "client/core/core.h"
#include "client/core/replica.h"
#include "client/daemon/status_query.h"
#include "knowledge/error.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "storage/store.h"
#include "tests/fashion.h"

namespace outrider::testing {

std::filesystem::path Site::encoder() {
  const std::filesystem::path file = path("small.outrider");
  if (!std::filesystem::exists(file)) pretrain_small_encoder(file);
  return file;
}

Process Site::start_aggregator(const std::string& listen, const std::vector<std::string>& more_arguments) {
  const std::filesystem::path address_file = path("address");
  std::filesystem::remove(address_file);
  std::vector<std::string> arguments{"aggregator", "--state",        path("aggregator").string(),
                                     "--listen",   listen,           "--heartbeat",
                                     "1",          "--address-file", address_file.string()};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  if (!limits_.empty())
    arguments.insert(arguments.begin(), {"-c", "ulimit " + limits_ + " && exec \"$0\" \"$@\"", OUTRIDER_PROGRAM});
  Process aggregator(limits_.empty() ? OUTRIDER_PROGRAM : "/bin/sh", arguments);
  if (!eventually([&] { return std::filesystem::exists(address_file) || !aggregator.running(); }) ||
      !aggregator.running())
    throw std::runtime_error("the aggregator does not start; it said: " + aggregator.errors());
  address_ = text_of_file(address_file);
  address_ = address_.substr(0, address_.find('\n'));
  return aggregator;
}

Process Site::start_aggregator_with_encoder() {
  return start_aggregator(address_.empty() ? "tcp://127.0.0.1:*" : address_, {"--pretrained", encoder().string()});
}

Process Site::start_client(const std::string& name, const std::vector<std::string>& more_arguments) {
  std::filesystem::create_directories(data(name));
  std::vector<std::string> arguments{"client",  "--aggregator",       address_, "--data", data(name).string(),
                                     "--state", state(name).string(), "--name", name,     "--threads",
                                     "1"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  return Process(arguments);
}

protocol::Status Site::status() const {
  return client::query_status(address_, std::chrono::seconds(20));
}

std::optional<protocol::ClientStatus> Site::client_status(const std::string& name) const {
  for (const protocol::ClientStatus& client : status().clients)
    if (client.name == name) return client;
  return std::nullopt;
}

bool Site::caught_up(const std::string& client) const {
  const protocol::Status now = status();
  return std::ranges::any_of(now.clients, [&](const protocol::ClientStatus& found) {
    return found.name == client && found.connected && found.outbox == 0 && found.replica == now.revision;
  });
}

bool Site::knows_class(const std::string& class_name) const {
  return std::ranges::any_of(status().topics,
                             [&](const protocol::TopicStatus& topic) { return topic.topic.subject == class_name; });
}

namespace {

// Nothing while the client is still creating it.
std::unique_ptr<Store> open_if_complete(const std::filesystem::path& state) {
  try {
    return open_store_read_only(state);
  } catch (const InputError&) {
    return nullptr;
  }
}

}  // namespace

std::vector<std::pair<std::string, std::uint64_t>> pictures_known(const std::filesystem::path& state) {
  const auto store = open_if_complete(state);
  if (!store) return {};
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  client::for_each_known(*store, std::string(kPrototypeKind), client::stored_definition_id(*store),
                         [&](const Topic& topic, ByteView payload) {
                           counts.emplace_back(topic.subject, decode_class_state(payload, kMergedLimits).count);
                         });
  return counts;
}

std::uint64_t pictures_known(const std::filesystem::path& state, const std::string& class_name) {
  for (const auto& [name, count] : pictures_known(state))
    if (name == class_name) return count;
  return 0;
}

}  // namespace outrider::testing
