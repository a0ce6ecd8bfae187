// Every family with a definition of its own, and something that it takes.
#pragma once

#include <memory>

#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/update_wire.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_wire.h"
#include "learners/growing/test_mixtures.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/merge.h"
#include "learners/supermask/merge.h"
#include "learners/supermask/random_records.h"
#include "tests/fuzz/draw.h"
#include "tests/fuzz/small_definitions.h"

namespace outrider::fuzz {

inline const Bytes kEncoder = to_bytes("an encoder of two dimensions");

inline std::vector<std::unique_ptr<Family>> all_families() {
  std::vector<std::unique_ptr<Family>> families;
  families.push_back(std::make_unique<PrototypicalFamily>([](ByteView definition) {
    if (to_bytes(definition) != kEncoder) throw InputError("this is no encoder");
    return std::size_t{2};
  }));
  families.push_back(std::make_unique<SupermaskFamily>());
  families.push_back(std::make_unique<averaging::AveragingFamily>(
      averaging::RoundRules{.cohort = 2, .minimum = 1, .duration = Instant{5'000}}));
  families.push_back(std::make_unique<growing::GrowingFamily>());
  return families;
}

inline const std::vector<Bytes>& all_definitions() {
  static const std::vector<Bytes> definitions{kEncoder, small_base().encode(), small_learning_task().encode(),
                                              small_growing_task().encode()};
  return definitions;
}

inline std::vector<Payload> all_payloads() {
  std::vector<Payload> payloads;
  payloads.push_back(
      {{std::string(kPrototypeKind), Digest::of(kEncoder), "bag"}, encode(ClassState{3, {1, 2}, {1, 1}})});
  Random random(1);
  payloads.push_back(
      {{std::string(kSupermaskKind), small_base().id(), "boot"}, random_record(random, small_base()).encode()});
  const averaging::LearningTask rounds = small_learning_task();
  averaging::Update update;
  for (const nn::TensorSpec& tensor : averaging::shared_tensors(rounds.network, rounds.strategy))
    update.delta.tensors.push_back({tensor, std::vector<float>(tensor.size(), 0.25F)});
  payloads.push_back(
      {{std::string(averaging::kAveragingKind), rounds.id(), averaging::subject_of_update(rounds.strategy, 0)},
       averaging::encode_update(update, averaging::Encoding::kFloat32)});
  const growing::GrowingTask growing = small_growing_task();
  payloads.push_back({{std::string(growing::kGrowingKind), growing.id(), std::string(growing::kSmallSubject)},
                      growing::encode_mixture(growing::random_mixture(growing.small, 1))});
  return payloads;
}

}  // namespace outrider::fuzz
