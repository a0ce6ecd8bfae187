// An aggregator and clients started by hand, as a user would.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "protocol/messages.h"
#include "tests/process.h"

namespace outrider::testing {

// A place for an aggregator, its clients and their data, gone with the test.
class Site {
 public:
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  std::filesystem::path data(const std::string& client) const { return path(client + ".data"); }
  std::filesystem::path state(const std::string& client) const { return path(client + ".state"); }
  // Pre-trains the small encoder at the first call.
  std::filesystem::path encoder();

  // Starts one and waits until it can be reached; `address()` is its address from then on.
  Process start_aggregator(const std::string& listen = "tcp://127.0.0.1:*",
                           const std::vector<std::string>& more_arguments = {});
  Process start_aggregator_with_encoder();
  Process start_client(const std::string& name, const std::vector<std::string>& more_arguments = {});
  // Of the aggregators started from now on, as `ulimit` takes them: "-n 100". Empty: as they are.
  void set_limits(std::string limits) { limits_ = std::move(limits); }
  const std::string& address() const { return address_; }
  void set_address(std::string address) { address_ = std::move(address); }

  protocol::Status status() const;
  // Nothing if the aggregator has never heard of it.
  std::optional<protocol::ClientStatus> client_status(const std::string& name) const;
  // Whether the client is connected, has delivered all, and knows everything.
  bool caught_up(const std::string& client) const;
  bool knows_class(const std::string& class_name) const;

 private:
  TemporaryDirectory directory_;
  std::string address_;
  std::string limits_;
};

// A client's merged knowledge: how many pictures each class was made of. Empty where there is no state yet.
std::vector<std::pair<std::string, std::uint64_t>> pictures_known(const std::filesystem::path& state);
// Of one class; 0 if it is not known.
std::uint64_t pictures_known(const std::filesystem::path& state, const std::string& class_name);

}  // namespace outrider::testing
