// Zeroed memory aligned for vector code, and where buffers lie in it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace outrider::nn {

// Owns `bytes` zeroed bytes on huge pages where the system offers them. Movable; addresses stay valid.
class MemoryBlock {
 public:
  static constexpr std::size_t kAlignment = 64;

  MemoryBlock() = default;
  explicit MemoryBlock(std::size_t bytes);

  std::span<std::byte> bytes() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

// A piece of memory that is needed from step `first` to step `last`, both included.
struct Interval {
  std::size_t bytes = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

struct Placement {
  std::vector<std::size_t> offsets;  // one per interval, multiples of kAlignment
  std::size_t bytes = 0;             // of the whole
};

// Places the intervals so that no two that overlap in time overlap in memory: largest first, each at the lowest offset
// that is free for its whole life.
Placement place(std::span<const Interval> intervals);

}  // namespace outrider::nn
