#include "storage/value_pool.h"

#include <algorithm>

namespace outrider {

ValuePool::Value ValuePool::share(ByteView content) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(content);
  if (found != values_.end()) return *found;
  if (values_.size() >= next_sweep_ || bytes_ + content.size() > next_bytes_) sweep();
  bytes_ += content.size();
  return *values_.insert(std::make_shared<const Bytes>(content.begin(), content.end())).first;
}

std::size_t ValuePool::size() const {
  const std::lock_guard lock(mutex_);
  return values_.size();
}

std::size_t ValuePool::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

// Drops what nobody else uses. The pool doubles before the next time, or grows by a share of its bytes, so this costs a
// constant time for each value, or byte.
void ValuePool::sweep() {
  std::erase_if(values_, [this](const Value& value) {
    const bool unused = value.use_count() == 1;
    if (unused) bytes_ -= value->size();
    return unused;
  });
  next_sweep_ = std::max<std::size_t>(1024, 2 * values_.size());
  next_bytes_ = bytes_ + std::max(kSlack, bytes_ / 4);
}

std::size_t ValuePool::ContentHash::operator()(ByteView content) const {
  return std::hash<std::string_view>{}(text_of(content));
}

}  // namespace outrider
