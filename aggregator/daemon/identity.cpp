#include "aggregator/daemon/identity.h"

#include "storage/remember.h"

namespace outrider::aggregator {

protocol::KeyPair identity(Store& store) {
  return protocol::KeyPair::from_secret_key(
      remember(store, "secret key", [] { return protocol::KeyPair::generate().secret_bytes(); }));
}

Self self_of(const protocol::KeyPair& keys) {
  return {keys.client_id(), Hasher().field("families").field(keys.secret_bytes()).finish()};
}

}  // namespace outrider::aggregator
