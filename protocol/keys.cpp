#include "protocol/keys.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <sodium.h>

#include "knowledge/error.h"

namespace outrider::protocol {

static_assert(std::tuple_size_v<PublicKey> == crypto_box_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<SecretKey> == crypto_box_SECRETKEYBYTES);

KeyPair KeyPair::generate() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start: no source of random numbers");
  KeyPair pair;
  crypto_box_keypair(pair.public_key.data(), pair.secret_key.data());
  return pair;
}

KeyPair KeyPair::from_secret_key(ByteView secret_key) {
  KeyPair pair;
  if (secret_key.size() != pair.secret_key.size())
    throw InputError(fmt::format("a secret key has {} bytes, not {}", pair.secret_key.size(), secret_key.size()));
  std::copy(secret_key.begin(), secret_key.end(), pair.secret_key.begin());
  crypto_scalarmult_base(pair.public_key.data(), pair.secret_key.data());
  return pair;
}

}  // namespace outrider::protocol
