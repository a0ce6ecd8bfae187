// What the ranks of a federation tell each other besides its messages.
#pragma once

#include "simulations/virtual_fleet/embedded_data.h"
#include "simulations/world/exchange.h"

namespace outrider::simulations {

// On rank 0; elsewhere 0.
double sum_over(Exchange& exchange, double mine);

// Embeddings may differ between kinds of processors; a world of both would be nobody's. Throws InputError, on all
// ranks, when they do.
void require_same_data(Exchange& exchange, const EmbeddedData& data);

}  // namespace outrider::simulations
