// What a client says instead of an update (averaging.capnp): why it has none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "knowledge/bytes.h"

namespace outrider::averaging {

// The topic of a client's excuse. That it can train again it says by taking the excuse back.
inline constexpr std::string_view kExcuseSubject = "cannot train";

inline constexpr std::size_t kMostExcuseBytes = 1024;

enum class Cause : std::uint8_t {
  kNoPictures = 1,  // of the model's classes: it is not asked until it says that it can
  kDiverged = 2,    // training from the weights of this round led to numbers that are not finite
};

struct Excuse {
  Cause cause = Cause::kNoPictures;
  std::uint64_t round = 0;  // that it was asked in

  bool operator==(const Excuse&) const = default;
};

Bytes encode(const Excuse& excuse);
// Throws InputError, beginning with `what`, when the bytes are malformed or the cause is unknown.
Excuse decode_excuse(ByteView bytes, const std::string& what = "the excuse");

}  // namespace outrider::averaging
