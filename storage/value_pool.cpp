#include "storage/value_pool.h"

#include <algorithm>

namespace outrider {

ValuePool::Value ValuePool::share(ByteView content) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(content);
  if (found != values_.end()) return *found;
  if (values_.size() >= next_sweep_) sweep();
  return *values_.insert(std::make_shared<const Bytes>(content.begin(), content.end())).first;
}

std::size_t ValuePool::size() const {
  const std::lock_guard lock(mutex_);
  return values_.size();
}

// Drops what nobody else uses. The pool doubles before the next time, so this costs a constant time for each value.
void ValuePool::sweep() {
  std::erase_if(values_, [](const Value& value) { return value.use_count() == 1; });
  next_sweep_ = std::max<std::size_t>(1024, 2 * values_.size());
}

std::size_t ValuePool::ContentHash::operator()(ByteView content) const {
  return std::hash<std::string_view>{}(text_of(content));
}

}  // namespace outrider
