// The version of what the columns hold, kept in every store under one reserved key of `meta`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/store.h"

namespace outrider {

inline constexpr std::string_view kFormatKey = "format";  // in Column::meta; commits may not touch it
inline constexpr std::string_view kFormatVersion = "1";

// What the first commit to a new store writes.
WriteSet format_record();
// Throws InputError unless `stored`, found in the store called `where`, is kFormatVersion.
void require_format(const std::optional<Bytes>& stored, const std::string& where);
// Asserts that the caller leaves the format record alone.
void assert_keeps_format(const WriteSet& writes);

}  // namespace outrider
