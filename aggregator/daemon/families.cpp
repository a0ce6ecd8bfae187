#include "aggregator/daemon/families.h"

#include "learners/averaging/merge.h"
#include "learners/encoders/encoder.h"
#include "learners/growing/merge.h"
#include "learners/prototypical/merge.h"
#include "learners/supermask/merge.h"
#include "storage/remember.h"

namespace outrider::aggregator {

EmbeddingSpace embedding_space(ByteView definition) {
  const Encoder encoder = Encoder::decode(definition);
  EmbeddingSpace space(encoder.dimension());
  space.largest_norm = static_cast<double>(encoder.largest_norm);
  space.never_negative = encoder.never_negative();
  return space;
}

std::vector<std::unique_ptr<Family>> all_families(const averaging::RoundRules& rounds,
                                                  const AdmissionRules& admission) {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<PrototypicalFamily>(embedding_space, admission));
  families.push_back(std::make_unique<SupermaskFamily>());
  families.push_back(std::make_unique<averaging::AveragingFamily>(rounds));
  families.push_back(std::make_unique<growing::GrowingFamily>());
  return families;
}

protocol::KeyPair identity(Store& store) {
  return protocol::KeyPair::from_secret_key(
      remember(store, "secret key", [] { return protocol::KeyPair::generate().secret_bytes(); }));
}

}  // namespace outrider::aggregator
