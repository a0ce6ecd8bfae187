// What one client says of one round: how training moved the weights that it was given.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/contribution.h"
#include "learners/averaging/score.h"
#include "learners/averaging/strategy.h"
#include "learners/nn/parameters.h"

namespace outrider::averaging {

struct Update {
  static constexpr std::uint64_t kMaxSamples = std::uint64_t{1} << 40;

  ClientId client;
  std::uint64_t round = 0;    // whose weights it was learned from
  std::uint64_t samples = 1;  // that it was learned from
  nn::Parameters delta;       // learned minus given, of shared_tensors() of the network or its narrow part
  nn::Parameters control;     // SCAFFOLD: new minus old control variate, of controlled_tensors(); else empty
  double width = 1;           // the client holds the leading channels (narrow.h): above 0, at most 1
  Score score{};              // of the weights that it was given, on pictures that the client holds out; may be empty

  bool operator==(const Update&) const = default;
};

// Whether the updates of clients with a part of the network can be used: Krum compares and SCAFFOLD corrects whole
// ones.
bool takes_narrow(const Strategy& strategy);

// Names an update; at most one each is used, and sums run in this order.
struct UpdateKey {
  ClientId client;
  std::uint64_t round = 0;
  auto operator<=>(const UpdateKey&) const = default;
};
inline UpdateKey key_of(const Update& update) {
  return {update.client, update.round};
}

// The tensors that clients and server exchange, in network order: all but those that FedBN keeps local.
std::vector<nn::TensorSpec> shared_tensors(const nn::NetworkSpec& network, const Strategy& strategy);
// All others: with FedBN those of normalisation layers.
std::vector<nn::TensorSpec> local_tensors(const nn::NetworkSpec& network, const Strategy& strategy);
// The tensors with control variates: the shared ones that are trained, with SCAFFOLD; else none.
std::vector<nn::TensorSpec> controlled_tensors(const nn::NetworkSpec& network, const Strategy& strategy);

// Throws InputError, beginning with `what`, unless the parameters are of exactly these tensors, with finite values.
void check_tensors(const nn::Parameters& parameters, const std::vector<nn::TensorSpec>& expected,
                   const std::string& what);

// Throws InputError, beginning with `what`, unless the update fits network and strategy and its numbers are finite.
// Does not look at the round.
void check_content(const Update& update, const nn::NetworkSpec& network, const Strategy& strategy,
                   const std::string& what);

// Throws InputError, naming the client, unless check_content() passes and the update can be used in round `round`: it
// is of that round, or late within what the strategy takes.
void check_update(const Update& update, const nn::NetworkSpec& network, const Strategy& strategy, std::uint64_t round);

// How many rounds late an update of `learned` is in `round`. Throws InputError, beginning with `what`, when it is of a
// later round or later than the strategy takes.
std::uint64_t checked_staleness(std::uint64_t learned, std::uint64_t round, const Strategy& strategy,
                                const std::string& what);

}  // namespace outrider::averaging
