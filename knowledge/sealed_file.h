// Files that say when they are damaged: the content between a header and a digest of all that stands before it.
#pragma once

#include <string>

#include "knowledge/bytes.h"

namespace outrider {

// Layout: 13 bytes of a magic word, one of the format's version (1), two zeros; the content's length (8,
// little-endian); the content, which so begins at a whole word; the BLAKE2b-256 of everything before.
inline constexpr std::size_t kSealBytes = 16 + 8 + 32;  // that a seal adds

Bytes seal(ByteView content);

struct Unsealed {
  ByteView content;
  bool was_sealed = false;
};

// The content of what seal() gave, a view of `bytes`. What does not begin like a sealed file comes back as it is: files
// of before there were seals. Throws InputError, which starts with `what`, when the seal or anything below it is not as
// it was written.
Unsealed unseal(ByteView bytes, const std::string& what);

}  // namespace outrider
