// Which connection speaks for which client. Bounded: the client not heard of for longest is forgotten first.
#pragma once

#include <cassert>
#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "knowledge/contribution.h"

namespace outrider::protocol {

// Not thread-safe.
class Routes {
 public:
  // Holds at most `capacity` clients; capacity > 0.
  explicit Routes(std::size_t capacity) : capacity_(capacity) { assert(capacity > 0); }

  // `client` was heard on the connection with this ZeroMQ routing id, and this descriptor, just now.
  void heard(const ClientId& client, std::string_view routing_id, int descriptor = -1);
  void forget(const ClientId& client);
  // Null if not known; valid until the next heard or forget.
  const std::string* find(const ClientId& client) const;
  // Of the connection on which a known client was heard.
  int descriptor(const ClientId& client) const { return by_client_.at(client)->descriptor; }
  std::size_t size() const { return by_client_.size(); }

 private:
  struct Route {
    ClientId client;
    std::string routing_id;
    int descriptor;
  };

  std::size_t capacity_;
  std::list<Route> by_age_;  // heard of latest first
  std::map<ClientId, std::list<Route>::iterator> by_client_;
};

}  // namespace outrider::protocol
