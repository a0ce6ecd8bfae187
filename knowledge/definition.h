// What clients learn with, as it travels: the kind of the definition, and the bytes that the family of this kind reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "knowledge/bytes.h"

namespace outrider {

struct Definition {
  static constexpr std::size_t kMostKindBytes = 64;

  std::string kind;  // a name: see name.h
  Bytes content;

  bool operator==(const Definition&) const = default;

  // The wire form; equal definitions give equal bytes, and their digest names what is learned with them. Throws
  // InputError when the kind is none.
  Bytes encode() const;
  // Nothing where the bytes are no envelope, as those of encoders, base networks and learning tasks are not, whose
  // digests name what was learned before there were envelopes: their families recognise them. Throws InputError when
  // the envelope is damaged.
  static std::optional<Definition> decode(ByteView bytes);
  // What the family reads: of an envelope its content, else all.
  static Bytes content_of(ByteView bytes);
};

}  // namespace outrider
