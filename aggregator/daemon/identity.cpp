#include "aggregator/daemon/identity.h"

#include "storage/remember.h"

namespace outrider::aggregator {

protocol::KeyPair identity(Store& store) {
  return protocol::KeyPair::from_secret_key(
      remember(store, "secret key", [] { return protocol::KeyPair::generate().secret_bytes(); }));
}

}  // namespace outrider::aggregator
