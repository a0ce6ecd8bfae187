#include "aggregator/core/shelf.h"

#include <utility>

#include "knowledge/invariant.h"

namespace outrider::aggregator {

void Shelf::put(const Digest& name, Bytes content) {
  if (find(name) != nullptr) return;
  used_ += content.size();
  by_use_.push_front({name, std::move(content)});
  by_name_.emplace(name, by_use_.begin());
  while (used_ > capacity_ && by_use_.size() > 1) {
    used_ -= by_use_.back().content.size();
    by_name_.erase(by_use_.back().name);
    by_use_.pop_back();
  }
  invariant(by_name_.size() == by_use_.size(), "what is on the shelf is found by its name");
}

const Bytes* Shelf::find(const Digest& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return &found->second->content;
}

}  // namespace outrider::aggregator
