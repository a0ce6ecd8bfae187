// The families of learners that an aggregator serves, and who it is: what a core is made from.
#pragma once

#include <memory>
#include <vector>

#include "knowledge/family.h"
#include "learners/averaging/rounds.h"
#include "learners/prototypical/admission.h"
#include "protocol/keys.h"
#include "storage/store.h"

namespace outrider::aggregator {

std::vector<std::unique_ptr<Family>> all_families(const averaging::RoundRules& rounds, const AdmissionRules& admission);

// Of prototypes, from the encoder that defines it. Throws InputError where it is none.
EmbeddingSpace embedding_space(ByteView definition);

// The keys of the state; made and kept where it has none.
protocol::KeyPair identity(Store& store);

}  // namespace outrider::aggregator
