// What a message may hold at most. Both ends check: a sender before it encodes, a receiver before it believes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/messages.h"

namespace outrider::protocol {

inline constexpr std::size_t kMaxMessageBytes = 16u << 20;                         // of the encoded body
inline constexpr std::size_t kMaxKnowledgeBytes = kMaxMessageBytes - (64u << 10);  // of its entries: most_wire_bytes()
inline constexpr int kMaxNesting = 16;                                             // of structs and lists
inline constexpr std::size_t kMaxEntries = 65'536;                                 // of one list
inline constexpr std::size_t kMaxTextBytes = 1024;                                 // of one string

// What the entry takes in a message at most, so that a sum of these tells what fits.
std::size_t most_wire_bytes(const KnowledgeEntry& entry);

// Throws InputError, which starts with `what`, if a list of `size` entries is too long.
void check_entries(std::string_view what, std::size_t size);
// Throws InputError, which starts with `what`, unless the text is short enough, UTF-8 and without control characters,
// so that it can go into JSON, HTML and log lines.
void check_text(std::string_view what, std::string_view text);
// The text as it is where check_text accepts it, else what shows of it, cut to what fits: for sentences and names that
// hold what others wrote.
std::string sendable_text(std::string_view text, std::size_t most_bytes = kMaxTextBytes);
// Why no message can carry the topic, as the end of a sentence; nothing if one can.
std::optional<std::string> topic_objection(const Topic& topic);
// Applies both to everything in the message.
void check(const Message& message);

}  // namespace outrider::protocol
