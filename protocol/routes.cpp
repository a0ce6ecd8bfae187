#include "protocol/routes.h"

namespace outrider::protocol {

void Routes::heard(const ClientId& client, std::string_view routing_id, int descriptor) {
  if (const auto known = by_client_.find(client); known != by_client_.end()) {
    by_age_.splice(by_age_.begin(), by_age_, known->second);
    known->second->routing_id = routing_id;
    known->second->descriptor = descriptor;
    return;
  }
  if (by_client_.size() == capacity_) forget(by_age_.back().client);
  by_age_.push_front({client, std::string(routing_id), descriptor});
  by_client_.emplace(client, by_age_.begin());
}

void Routes::forget(const ClientId& client) {
  const auto known = by_client_.find(client);
  if (known == by_client_.end()) return;
  by_age_.erase(known->second);
  by_client_.erase(known);
}

const std::string* Routes::find(const ClientId& client) const {
  const auto known = by_client_.find(client);
  return known == by_client_.end() ? nullptr : &known->second->routing_id;
}

}  // namespace outrider::protocol
