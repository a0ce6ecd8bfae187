#include "simulations/fleet/fleet.h"

#include <algorithm>
#include <fstream>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "client/daemon/status_query.h"
#include "knowledge/error.h"
#include "learners/data/image_folder.h"
#include "learners/data/split.h"
#include "protocol/address.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// The daemon writes its address when it is ready.
std::string wait_for_address(const fs::path& file, DaemonProcess& daemon, const fs::path& log) {
  for (int i = 0; i < 3000; ++i) {
    std::ifstream stream(file);
    std::string address;
    if (std::getline(stream, address)) return address;
    if (!daemon.running()) throw InputError("the aggregator did not start; its log is " + log.string());
    std::this_thread::sleep_for(10ms);
  }
  throw InputError("the aggregator was not ready within 30 seconds; its log is " + log.string());
}

bool caught_up(const protocol::Status& status, std::size_t classes, std::size_t clients) {
  const auto known = std::ranges::count_if(
      status.topics, [&](const protocol::TopicStatus& topic) { return topic.topic.space == status.definition; });
  if (static_cast<std::size_t>(known) != classes || status.clients.size() != clients) return false;
  return std::ranges::all_of(status.clients, [&](const protocol::ClientStatus& client) {
    return client.connected && client.outbox == 0 && client.replica == status.revision;
  });
}

}  // namespace

Fleet::Fleet(FleetOptions options) : options_(std::move(options)) {
  fs::create_directories(options_.directory);
  if (options_.links) {
    require(options_.links->size() == options_.clients,
            fmt::format("{} clients need as many links, not {}", options_.clients, options_.links->size()));
    std::vector<LinkQuality> links{LinkQuality{}};
    links.insert(links.end(), options_.links->begin(), options_.links->end());
    network_.emplace(links);
  }
  start_aggregator();
  for (std::size_t client = 0; client < options_.clients; ++client) start_client(client);
}

void Fleet::clear(const fs::path& directory) {
  for (const char* name : {"aggregator", "clients", "aggregator.address", "aggregator.log"})
    fs::remove_all(directory / name);
}

void Fleet::start_aggregator() {
  const fs::path address_file = options_.directory / "aggregator.address";
  const fs::path log = options_.directory / "aggregator.log";
  fs::remove(address_file);
  aggregator_.clear();
  std::vector<std::string> arguments{"aggregator",
                                     "--state",
                                     aggregator_state().string(),
                                     "--listen",
                                     listening_address(),
                                     "--pretrained",
                                     options_.pretrained.string(),
                                     "--heartbeat",
                                     "1",
                                     "--address-file",
                                     address_file.string()};
  std::ranges::copy(options_.aggregator_arguments, std::back_inserter(arguments));
  aggregator_.emplace_back(options_.program, std::move(arguments), log, network_of(0));
  address_ = wait_for_address(address_file, aggregator_.front(), log);
}

std::optional<int> Fleet::network_of(std::size_t node) const {
  if (!network_) return std::nullopt;
  return network_->node(node).descriptor();
}

// The place where it was reached before: clients look for it there.
std::string Fleet::listening_address() const {
  if (!address_.empty()) return protocol::Address::parse(address_).endpoint();
  return fmt::format("tcp://{}:*", network_ ? NetworkNamespaces::address(0) : "127.0.0.1");
}

protocol::Status Fleet::status() const {
  protocol::Status status;
  const auto ask = [&] { status = client::query_status(address_, 30s); };
  if (network_) {
    network_->node(0).call_inside(ask);
  } else {
    ask();
  }
  return status;
}

void Fleet::start_client(std::size_t client) {
  fs::create_directories(client_data(client));
  DaemonProcess process(options_.program,
                        {"client", "--aggregator", address_, "--data", client_data(client).string(), "--state",
                         client_state(client).string(), "--name", client_name(client), "--threads",
                         std::to_string(options_.threads_per_client)},
                        client_directory(client) / "client.log", network_of(client + 1));
  if (client < clients_.size()) {
    clients_[client] = std::move(process);
  } else {
    clients_.push_back(std::move(process));
  }
}

void Fleet::show_class(std::size_t client, const Dataset& data, const std::vector<std::size_t>& pictures,
                       const std::string& class_name) {
  const fs::path staging = client_directory(client) / "staging";
  write_image_folder(data, pictures, staging);
  const std::string folder = folder_of_class(class_name);
  fs::rename(staging / folder, client_data(client) / folder);
}

void Fleet::show_pictures(std::size_t client, const Dataset& data, const std::vector<std::size_t>& pictures) {
  const fs::path staging = client_directory(client) / "staging";
  write_image_folder(data, pictures, staging);
  for (const std::size_t picture : pictures) {
    const fs::path folder = folder_of_class(data.classes[data.labels[picture]]);
    fs::create_directories(client_data(client) / folder);
    for (const auto& file : fs::directory_iterator(staging / folder))
      fs::rename(file.path(), client_data(client) / folder / file.path().filename());
  }
  fs::remove_all(staging);
}

void Fleet::rendezvous(std::size_t classes, std::chrono::seconds patience, const Watch& watch) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    require_alive();
    const protocol::Status known = status();
    if (watch) watch(known);
    if (caught_up(known, classes, clients())) return;
    std::this_thread::sleep_for(50ms);
  }
  throw InputError("the clients have not caught up within " + std::to_string(patience.count()) +
                   " seconds; see the logs in " + options_.directory.string());
}

void Fleet::require_alive() {
  if (!aggregator_.front().running())
    throw InputError("the aggregator died; its log is " + (options_.directory / "aggregator.log").string());
  for (std::size_t client = 0; client < clients_.size(); ++client)
    if (!clients_[client].running())
      throw InputError(client_name(client) + " died; its log is " + (client_directory(client) / "client.log").string());
}

void Fleet::stop() {
  for (DaemonProcess& client : clients_) client.stop(20s);
  aggregator_.front().stop(20s);
}

}  // namespace outrider::simulations
