// Equal values kept once: thousands of virtual clients hold the same encoder and much the same knowledge.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_set>

#include "knowledge/bytes.h"

namespace outrider {

// Thread-safe.
class ValuePool {
 public:
  using Value = std::shared_ptr<const Bytes>;

  // A value with this content: the one that is in use, if there is one.
  Value share(ByteView content);
  std::size_t size() const;
  // Of its values; those that nobody uses any more are at most a fourth of the others, or 16 MB.
  std::size_t bytes() const;

 private:
  struct ContentHash {
    using is_transparent = void;
    std::size_t operator()(ByteView content) const;
    std::size_t operator()(const Value& value) const { return (*this)(ByteView(*value)); }
  };
  struct ContentEqual {
    using is_transparent = void;
    static ByteView view(ByteView content) { return content; }
    static ByteView view(const Value& value) { return *value; }
    template <typename Left, typename Right>
    bool operator()(const Left& left, const Right& right) const {
      return text_of(view(left)) == text_of(view(right));
    }
  };

  static constexpr std::size_t kSlack = 16u << 20;

  void sweep();

  mutable std::mutex mutex_;
  std::unordered_set<Value, ContentHash, ContentEqual> values_;
  std::size_t bytes_ = 0;
  std::size_t next_sweep_ = 1024;    // with so many values
  std::size_t next_bytes_ = kSlack;  // or so many bytes
};

}  // namespace outrider
