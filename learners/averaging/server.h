// The server's side of averaging: from one round's weights and updates to the next round's weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learners/averaging/strategy.h"
#include "learners/averaging/update.h"
#include "learners/nn/parameters.h"

namespace outrider::averaging {

// What a state is made of.
struct StateTensors {
  std::vector<nn::TensorSpec> weights;
  std::vector<nn::TensorSpec> momentum;
  std::vector<nn::TensorSpec> second;
  std::vector<nn::TensorSpec> control;
};
StateTensors state_tensors(const nn::NetworkSpec& network, const Strategy& strategy);

// All that a server carries from round to round.
struct ServerState {
  std::uint64_t round = 0;  // how many rounds the weights have seen
  nn::Parameters weights;   // of the whole network
  // Of the shared tensors that are trained; empty where the strategy needs none.
  nn::Parameters momentum;  // FedAvgM, FedAdagrad, FedAdam, FedYogi
  nn::Parameters second;    // FedAdagrad, FedAdam, FedYogi: v, at first tau^2
  nn::Parameters control;   // SCAFFOLD: c, the mean of the control variates of all clients

  bool operator==(const ServerState&) const = default;

  // Before the first round. Throws InputError when strategy or parameters are not valid.
  static ServerState initial(const nn::NetworkSpec& network, const Strategy& strategy, nn::Parameters weights);
  // Throws InputError unless this is a state of that network and strategy, with finite values.
  void check(const nn::NetworkSpec& network, const Strategy& strategy) const;
};

// What a client of that width is to be given: its part of the weights and the round, without momenta. Asserts that the
// state has no control variate (check_update() refuses narrow updates with SCAFFOLD).
ServerState narrow_state(const nn::NetworkSpec& network, const ServerState& state, double width);

struct RoundOptions {
  std::uint64_t population = 1;  // SCAFFOLD: the clients that there are, chosen for the round or not
  int threads = 1;               // 0: one per processor; does not change the result
};

// The state after a round with these updates: clipped and discounted (in this order), combined, then the server's rule.
// A weight that no update holds stays as it is, with its momenta. Running variances that would fall below 0, as they
// can where updates are not weighted averages of variances, are 0. The same bits whatever the order of the updates and
// the number of threads. Throws InputError, and nothing has changed, when there is no update, check_update() objects to
// one, two have one key, there are too few for the combination, or the result is not finite.
ServerState apply_round(const nn::NetworkSpec& network, const Strategy& strategy, const ServerState& state,
                        std::span<const Update> updates, const RoundOptions& options = {});

}  // namespace outrider::averaging
