// What the aggregator calls its records in the store's column "meta".
#pragma once

#include <string>
#include <string_view>

#include "storage/store.h"

namespace outrider::aggregator {

// Since which revision, and by which rules, what is of a kind is merged.
inline constexpr std::string_view kRules = "rules of merging ";
inline Bytes rules_name(std::string_view kind) {
  return to_bytes(std::string(kRules) + std::string(kind));
}
// What programs wrote there when one kind only had rules.
inline constexpr std::string_view kOnceRuled = "classes";

inline Bytes revision_name() {
  return to_bytes("revision");
}

// Up to which revision nothing is on record of what was taken back.
inline Bytes forgotten_name() {
  return to_bytes("forgotten");
}

// That something was taken back on the operator's word, and when; followed by a number.
inline constexpr std::string_view kForgettings = "forgetting ";

inline Bytes definition_name() {
  return to_bytes("encoder");
}

}  // namespace outrider::aggregator
