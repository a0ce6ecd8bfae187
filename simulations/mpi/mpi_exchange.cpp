// With MPI-3's C interface; each rank calls it from one thread.
#include <limits>
#include <numeric>
#include <utility>

#include <mpi.h>

#include "knowledge/error.h"
#include "simulations/mpi/launched_ranks.h"
#include "simulations/world/event_wire.h"

namespace outrider::simulations {
namespace {

// What does not fit MPI's counts is refused: a world hands over far less between two looks at the clock.
int count_of(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw InputError("the ranks of a world have " + std::to_string(bytes) +
                     " bytes to exchange at once; MPI takes 2 GiB");
  return static_cast<int>(bytes);
}

// Where each part begins, and behind the last one the sum.
std::vector<int> offsets_of(const std::vector<int>& counts) {
  std::vector<int> offsets(counts.size() + 1);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) offsets[i + 1] = count_of(sum += static_cast<std::size_t>(counts[i]));
  return offsets;
}

std::vector<Bytes> divide(const Bytes& all, const std::vector<int>& counts, const std::vector<int>& offsets) {
  std::vector<Bytes> parts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto begin = all.begin() + offsets[i];
    parts.emplace_back(begin, begin + counts[i]);
  }
  return parts;
}

// Errors of MPI end all ranks, as is its default.
class MpiExchange : public Exchange {
 public:
  MpiExchange() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
  }
  ~MpiExchange() override { MPI_Finalize(); }
  MpiExchange(const MpiExchange&) = delete;
  MpiExchange& operator=(const MpiExchange&) = delete;

  std::uint32_t rank() const override { return static_cast<std::uint32_t>(rank_); }
  std::uint32_t ranks() const override { return static_cast<std::uint32_t>(ranks_); }

  Instant earliest(Instant mine) override {
    const std::int64_t said = mine.count();
    std::int64_t least = said;
    MPI_Allreduce(&said, &least, 1, MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD);
    return Instant(least);
  }

  std::vector<Event> hand_over(std::vector<std::vector<Event>> outgoing) override {
    Bytes mine;
    std::vector<int> counts;
    for (const std::vector<Event>& box : outgoing) {
      const std::size_t before = mine.size();
      for (const Event& event : box) append_event(event, mine);
      counts.push_back(count_of(mine.size() - before));
    }
    const std::vector<int> offsets = offsets_of(counts);
    std::vector<int> their_counts(counts.size());
    MPI_Alltoall(counts.data(), 1, MPI_INT, their_counts.data(), 1, MPI_INT, MPI_COMM_WORLD);
    const std::vector<int> their_offsets = offsets_of(their_counts);
    Bytes theirs(static_cast<std::size_t>(their_offsets.back()));
    MPI_Alltoallv(mine.data(), counts.data(), offsets.data(), MPI_BYTE, theirs.data(), their_counts.data(),
                  their_offsets.data(), MPI_BYTE, MPI_COMM_WORLD);
    return events_of(theirs);
  }

  std::vector<Bytes> gather(Bytes mine) override {
    const int count = count_of(mine.size());
    std::vector<int> counts(rank_ == 0 ? ranks() : 0);
    MPI_Gather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
    const std::vector<int> offsets = offsets_of(counts);
    Bytes all(static_cast<std::size_t>(offsets.back()));
    MPI_Gatherv(mine.data(), count, MPI_BYTE, all.data(), counts.data(), offsets.data(), MPI_BYTE, 0, MPI_COMM_WORLD);
    return divide(all, counts, offsets);
  }

 private:
  int rank_ = 0;
  int ranks_ = 1;
};

}  // namespace

std::unique_ptr<Exchange> launched_exchange() {
  if (launched_ranks() == 1) return std::make_unique<NoExchange>();
  return std::make_unique<MpiExchange>();
}

}  // namespace outrider::simulations
