#include "protocol/frame.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "protocol/codec.h"
#include "protocol/limits.h"

namespace outrider::protocol {
namespace {

constexpr std::string_view kMagic = "OUTR";
constexpr std::uint16_t kVersionOfUnsupported = 0;

Preamble preamble_of(std::uint16_t version) {
  return {'O', 'U', 'T', 'R', static_cast<std::uint8_t>(version & 0xFF), static_cast<std::uint8_t>(version >> 8), 0, 0};
}

// Reads a number and the character that ends it from the start of `text`, and removes both.
std::uint16_t take_number(std::string_view& text, char end) {
  std::uint16_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop == text.data() + text.size() || *stop != end)
    throw InputError("a version 0 body has to be two version numbers and a sentence");
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return value;
}

Unsupported decode_unsupported(std::string_view text) {
  Unsupported unsupported;
  unsupported.oldest = take_number(text, ' ');
  unsupported.newest = take_number(text, '\n');
  check_text("the sentence of a version 0 body", text);
  unsupported.sentence = text;
  return unsupported;
}

}  // namespace

Frames encode_frames(const Message& message) {
  if (const auto* unsupported = std::get_if<Unsupported>(&message.body)) {
    check(message);
    const std::string text = fmt::format("{} {}\n{}", unsupported->oldest, unsupported->newest, unsupported->sentence);
    return {preamble_of(kVersionOfUnsupported), Bytes(text.begin(), text.end())};
  }
  return {preamble_of(kVersion), encode(message)};
}

std::variant<Message, UnknownVersion> decode_frames(ByteView preamble, ByteView body) {
  if (preamble.size() != Preamble{}.size())
    throw InputError(fmt::format("the preamble has {} bytes, not {}", preamble.size(), Preamble{}.size()));
  if (text_of(preamble.first(kMagic.size())) != kMagic)
    throw InputError("the preamble does not start with OUTR: the peer is no Outrider");
  const auto version = static_cast<std::uint16_t>(preamble[4] | preamble[5] << 8);
  if (version == kVersionOfUnsupported) return Message{{}, decode_unsupported(text_of(body))};
  if (version < kOldestSupportedVersion || version > kVersion) return UnknownVersion{version};
  if (preamble[6] != 0 || preamble[7] != 0) throw InputError("the reserved bytes of the preamble are not zero");
  return decode(body);
}

Unsupported unsupported(std::string_view speaker, UnknownVersion peer) {
  return {kOldestSupportedVersion, kVersion,
          fmt::format("{} speaks versions {} to {}; the peer spoke {}", speaker, kOldestSupportedVersion, kVersion,
                      peer.version)};
}

}  // namespace outrider::protocol
