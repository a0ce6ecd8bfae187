// A blob on its way from the aggregator, chunk by chunk.
#pragma once

#include <optional>

#include "protocol/messages.h"

namespace outrider::client {

// Keeps what has arrived across reconnections. Not thread-safe.
class Download {
 public:
  static constexpr std::uint64_t kMostBytes = 256u << 20;

  explicit Download(Digest blob) : blob_(blob) {}

  const Digest& blob() const { return blob_; }
  protocol::WantBlob next_request() const { return {blob_, content_.size(), kChunkBytes}; }

  enum class Outcome : std::uint8_t { echo, progress, complete, absent, corrupt };
  // echo: not what was asked for; absent: the aggregator has no such blob, or one too large; corrupt: the content does
  // not have the digest; all is discarded.
  Outcome take(const protocol::BlobChunk& chunk);

  // After `complete`.
  Bytes release() { return std::move(content_); }

 private:
  static constexpr std::uint32_t kChunkBytes = 256u << 10;

  Digest blob_;
  Bytes content_;
};

}  // namespace outrider::client
