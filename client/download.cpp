#include "client/download.h"

namespace outrider::client {

Download::Outcome Download::take(const protocol::BlobChunk& chunk) {
  if (chunk.blob != blob_ || chunk.offset != content_.size()) return Outcome::echo;
  if (chunk.total == 0 || chunk.total > kMostBytes) return Outcome::absent;
  const bool fits = chunk.content.size() <= chunk.total - chunk.offset;
  if (fits) content_.insert(content_.end(), chunk.content.begin(), chunk.content.end());
  if (fits && content_.size() < chunk.total) return chunk.content.empty() ? Outcome::echo : Outcome::progress;
  if (fits && Digest::of(content_) == blob_) return Outcome::complete;
  content_.clear();
  return Outcome::corrupt;
}

}  // namespace outrider::client
