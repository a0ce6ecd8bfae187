// An aggregator and clients as real processes: on loopback, or each in a network of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "learners/data/dataset.h"
#include "protocol/messages.h"
#include "simulations/fleet/daemon_process.h"
#include "simulations/fleet/network_namespaces.h"

namespace outrider::simulations {

struct FleetOptions {
  std::filesystem::path program;     // outrider itself
  std::filesystem::path directory;   // holds aggregator/, clients/NAME/{data,state}, and the logs
  std::filesystem::path pretrained;  // what the aggregator starts from
  std::size_t clients = 0;
  int threads_per_client = 1;
  // Of each client; nothing: all are on loopback. Otherwise everyone has a network namespace of its own, the
  // aggregator's link has no faults, and what is sent is encrypted. See network_namespaces.h for what that takes.
  std::optional<std::vector<LinkQuality>> links{};
  std::vector<std::string> aggregator_arguments{};  // beside those that every fleet needs
};

// Starts everything; kills what is left in the destructor.
class Fleet {
 public:
  explicit Fleet(FleetOptions options);
  // Removes what an earlier fleet has left in the directory.
  static void clear(const std::filesystem::path& directory);

  std::size_t clients() const { return options_.clients; }
  std::string client_name(std::size_t client) const { return "client-" + std::to_string(client + 1); }
  std::filesystem::path client_state(std::size_t client) const { return client_directory(client) / "state"; }
  std::filesystem::path client_data(std::size_t client) const { return client_directory(client) / "data"; }
  std::filesystem::path aggregator_state() const { return options_.directory / "aggregator"; }
  const std::string& address() const { return address_; }
  // As the aggregator has it, from its own network.
  protocol::Status status() const;

  // The client's folder gets a class, whole at once.
  void show_class(std::size_t client, const Dataset& data, const std::vector<std::size_t>& pictures,
                  const std::string& class_name);

  // The client's folder gets further pictures, each whole at once.
  void show_pictures(std::size_t client, const Dataset& data, const std::vector<std::size_t>& pictures);

  // Waits until the aggregator knows `classes` classes and every client has delivered all and caught up. `watch` is
  // called now and then. Throws InputError when that takes longer than `patience` or a daemon has died.
  using Watch = std::function<void(const protocol::Status& status)>;
  void rendezvous(std::size_t classes, std::chrono::seconds patience, const Watch& watch = {});

  void kill_aggregator() { aggregator_.at(0).kill(); }
  void kill_client(std::size_t client) { clients_[client].kill(); }
  void start_aggregator();
  void start_client(std::size_t client);

  // Throws InputError when a daemon has died.
  void require_alive();

  // As ctrl-C in each of their terminals would. Throws InputError when one does not stop cleanly.
  void stop();

 private:
  std::filesystem::path client_directory(std::size_t client) const {
    return options_.directory / "clients" / client_name(client);
  }
  // Node 0 is the aggregator; nothing on loopback.
  std::optional<int> network_of(std::size_t node) const;
  std::string listening_address() const;

  FleetOptions options_;
  std::optional<NetworkNamespaces> network_;
  std::string address_;
  std::vector<DaemonProcess> aggregator_;  // one
  std::vector<DaemonProcess> clients_;
};

}  // namespace outrider::simulations
