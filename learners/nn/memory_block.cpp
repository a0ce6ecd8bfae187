#include "learners/nn/memory_block.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>

#include <sys/mman.h>

namespace outrider::nn {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

bool overlap_in_time(const Interval& a, const Interval& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

MemoryBlock::MemoryBlock(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  const bool huge = bytes >= kHugePage;
  const std::size_t alignment = huge ? kHugePage : kAlignment;
  const std::size_t rounded = round_up(bytes, alignment);
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
  if (!data_) throw std::bad_alloc();
  if (huge) madvise(data_.get(), rounded, MADV_HUGEPAGE);  // advice: a refusal costs speed only
  std::memset(data_.get(), 0, rounded);
}

void MemoryBlock::Free::operator()(std::byte* data) const {
  std::free(data);
}

Placement place(std::span<const Interval> intervals) {
  std::vector<std::size_t> order(intervals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return intervals[a].bytes > intervals[b].bytes; });

  Placement placement;
  placement.offsets.resize(intervals.size());
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t index : order) {
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      if (!overlap_in_time(intervals[index], intervals[other])) continue;
      if (offset + intervals[index].bytes <= placement.offsets[other]) break;
      offset = std::max(offset, round_up(placement.offsets[other] + intervals[other].bytes, MemoryBlock::kAlignment));
    }
    placement.offsets[index] = offset;
    placement.bytes = std::max(placement.bytes, offset + intervals[index].bytes);
    placed.insert(std::ranges::upper_bound(placed, offset, {}, [&](std::size_t i) { return placement.offsets[i]; }),
                  index);
  }
  return placement;
}

}  // namespace outrider::nn
