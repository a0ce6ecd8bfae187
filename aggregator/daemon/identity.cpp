#include "aggregator/daemon/identity.h"

#include "storage/remember.h"

namespace outrider::aggregator {

protocol::KeyPair identity(Store& store) {
  return protocol::KeyPair::from_secret_key(
      remember(store, "secret key", [] { return protocol::KeyPair::generate().secret_bytes(); }));
}

std::optional<protocol::KeyPair> stored_identity(const Store& store) {
  const auto secret = store.get(Column::meta, to_bytes("secret key"));
  return secret ? std::optional(protocol::KeyPair::from_secret_key(*secret)) : std::nullopt;
}

bool is_aggregators(const Store& store) {
  if (store.get(Column::meta, to_bytes("aggregator"))) return false;
  bool found = store.get(Column::meta, to_bytes("encoder")).has_value();
  store.scan(Column::clients, {}, [&](ByteView, ByteView) { found = true; });
  return found;
}

Self self_of(const protocol::KeyPair& keys) {
  return {keys.client_id(), Hasher().field("families").field(keys.secret_bytes()).finish()};
}

}  // namespace outrider::aggregator
