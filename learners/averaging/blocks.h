// Work on long vectors in blocks of one size, on any number of threads. Internal to this folder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace outrider::averaging {

inline constexpr std::size_t kBlock = 2048;  // values

inline std::size_t block_count(std::size_t size) {
  return (size + kBlock - 1) / kBlock;
}

// Calls work(number, begin, end) once for every block of [0, size). Where the blocks lie does not depend on the
// threads, so what is computed block by block does not either. `work` throws nothing.
template <typename Work>
void for_each_block(std::size_t size, int threads, const Work& work) {
  const auto count = static_cast<std::int64_t>(block_count(size));
#pragma omp parallel for num_threads(threads) if (count > 4 && threads > 1) schedule(static)
  for (std::int64_t number = 0; number < count; ++number) {
    const std::size_t begin = static_cast<std::size_t>(number) * kBlock;
    work(static_cast<std::size_t>(number), begin, std::min(begin + kBlock, size));
  }
}

}  // namespace outrider::averaging
