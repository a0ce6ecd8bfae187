// Reading Cap'n Proto from bytes that nobody vouches for: limits first, then the data.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "knowledge/error.h"

namespace outrider::wire {

struct Limits {
  std::size_t bytes = 16u << 20;  // of one message
  int nesting = 16;               // of structs and lists
};

// The bytes of a finished message, in one allocation.
inline Bytes flatten(capnp::MessageBuilder& message) {
  const kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  const auto bytes = words.asBytes();
  return {bytes.begin(), bytes.end()};
}

inline ByteView view(capnp::Data::Reader data) {
  return {data.begin(), data.size()};
}
inline capnp::Data::Reader data(ByteView bytes) {
  return {bytes.data(), bytes.size()};
}
// Whole, with any NUL inside; capnp's own conversion from std::string stops there.
inline capnp::Text::Reader text(const std::string& text) {
  return {text.c_str(), text.size()};
}
inline std::string text(capnp::Text::Reader reader) {
  return {reader.begin(), reader.size()};
}

// What a kj::Exception says, without the C++ condition that it puts before: "expected a < b; What is wrong."
inline std::string sentence_of(const kj::Exception& error) {
  const std::string text(error.getDescription().cStr());
  const std::size_t end = text.starts_with("expected ") ? text.find("; ") : std::string::npos;
  return end == std::string::npos ? text : text.substr(end + 2);
}

// Calls use(root) with the root struct `T` of the message in `bytes` and returns its result. Every malformation
// (truncated, over the limits, pointers out of bounds) becomes an InputError that starts with `what`.
// Reads in place where the buffer is word-aligned and copies once where it is not.
template <typename T, typename Use>
auto read(ByteView bytes, const std::string& what, Use&& use, Limits limits = {}) {
  if (bytes.size() > limits.bytes)
    throw InputError(what + " has " + std::to_string(bytes.size()) + " bytes; at most " + std::to_string(limits.bytes) +
                     " are read");
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0)
    throw InputError(what + " has " + std::to_string(bytes.size()) +
                     " bytes, which is no whole number of 8-byte words: it is truncated or not Cap'n Proto");
  kj::Array<capnp::word> aligned;
  kj::ArrayPtr<const capnp::word> words(reinterpret_cast<const capnp::word*>(bytes.data()),
                                        bytes.size() / sizeof(capnp::word));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(capnp::word) != 0) {
    aligned = kj::heapArray<capnp::word>(words.size());
    std::memcpy(aligned.begin(), bytes.data(), bytes.size());
    words = aligned;
  }
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 4 * words.size() + 1024;
  options.nestingLimit = limits.nesting;
  try {
    capnp::FlatArrayMessageReader reader(words, options);
    return use(reader.template getRoot<T>());
  } catch (const kj::Exception& error) {
    throw InputError(what + " is malformed: " + sentence_of(error));
  }
}

}  // namespace outrider::wire
