#include "simulations/virtual_fleet/federation_ranks.h"

#include <bit>
#include <span>

#include <fmt/format.h>

#include "knowledge/digest.h"
#include "knowledge/error.h"
#include "storage/store.h"

namespace outrider::simulations {

double sum_over(Exchange& exchange, double mine) {
  double sum = 0;
  for (const Bytes& part : exchange.gather(key_of(std::bit_cast<std::uint64_t>(mine))))
    sum += std::bit_cast<double>(number_in_key(part));
  return sum;
}

void require_same_data(Exchange& exchange, const EmbeddedData& data) {
  const std::span<const float> embeddings(data.train.embeddings);
  const Digest mine =
      Hasher()
          .field(data.space.view())
          .field(ByteView(reinterpret_cast<const std::uint8_t*>(embeddings.data()), embeddings.size_bytes()))
          .finish();
  const std::vector<Bytes> all = exchange.gather(to_bytes(mine.view()));
  together(exchange, [&] {
    for (std::size_t rank = 0; rank < all.size(); ++rank)
      if (all[rank] != all.front())
        throw InputError(
            fmt::format("rank {} has other embeddings than rank 0; all ranks need the same data set on the "
                        "same kind of processor",
                        rank));
  });
}

}  // namespace outrider::simulations
