#include "simulations/mpi/launched_ranks.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace outrider::simulations {

// Open MPI's mpirun says it in the first, MPICH's and Intel's in the second.
std::uint32_t launched_ranks() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    const std::string_view text(value);
    std::uint32_t ranks = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), ranks).ec == std::errc{} && ranks > 1) return ranks;
  }
  return 1;
}

}  // namespace outrider::simulations
