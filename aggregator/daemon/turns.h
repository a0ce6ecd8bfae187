// Whose message the aggregator looks at next: each client has its turn, however much one of them sends.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>

#include "protocol/messages.h"

namespace outrider::aggregator {

// What waits, in order for each client; among clients in turns that are equal in time (deficit round robin, Shreedhar
// and Varghese 1995). A contribute message is taken apart, since it means the same as several with fewer contributions,
// so that none takes more than a moment. Not thread-safe.
class Turns {
 public:
  using Duration = std::chrono::microseconds;
  struct Limits {
    std::size_t client_bytes = 20u << 20;  // of one client: a message of the largest kind fits
    std::size_t client_messages = 1024;    // likewise
    std::size_t bytes = 64u << 20;         // of all: with more, nothing is to be received
    std::size_t piece_bytes = 64u << 10;   // of a contribute message at once, unless one contribution is larger
    std::size_t piece_contributions = 64;  // likewise
    Duration turn{2'000};
  };

  Turns() : Turns(Limits{}) {}
  explicit Turns(Limits limits) : limits_(limits) {}

  // False: so much of this client waits already that the message is dropped; the client will send it again.
  bool add(protocol::Message message);
  // Nothing: none waits.
  std::optional<protocol::Message> next();
  // The message that next() gave last took so long.
  void spent(Duration time);

  bool is_empty() const { return clients_.empty(); }
  // Whether more should be received now.
  bool has_room() const { return bytes_ < limits_.bytes; }

 private:
  struct Waiting {
    protocol::Message message;
    std::size_t bytes = 0;
  };
  struct Client {
    ClientId id;
    std::deque<Waiting> messages;
    std::size_t bytes = 0;
    Duration left{};  // of its turn
  };

  void put(Client& client, protocol::Message message, std::size_t bytes);

  Limits limits_;
  std::size_t bytes_ = 0;
  std::list<Client> clients_;  // who has messages; the first has its turn
  std::map<ClientId, std::list<Client>::iterator> by_id_;
  std::optional<ClientId> served_;  // whose message next() gave last
};

}  // namespace outrider::aggregator
