// What the aggregator calls its records in the store's column "meta".
#pragma once

#include "storage/store.h"

namespace outrider::aggregator {

// Since which revision, and by which rules, classes are merged.
inline Bytes rules_name() {
  return to_bytes("rules of merging classes");
}

inline Bytes revision_name() {
  return to_bytes("revision");
}

// Up to which revision nothing is on record of what was taken back.
inline Bytes forgotten_name() {
  return to_bytes("forgotten");
}

inline Bytes encoder_name() {
  return to_bytes("encoder");
}

// The kind of knowledge that rules of merging are about.
inline const std::string& ruled_kind() {
  static const std::string kind = "prototype";
  return kind;
}

}  // namespace outrider::aggregator
