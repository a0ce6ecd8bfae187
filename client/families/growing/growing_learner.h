// Learns for a network that grows: first the client's own small network from the pictures in a folder, then, if it has
// the capacity, the crossings of what the aggregator made of several clients' networks.
#pragma once

#include "client/learner.h"
#include "client/pictures/model_pictures.h"
#include "learners/growing/growth_record.h"
#include "learners/growing/mixture_training.h"
#include "learners/training/local_work.h"

namespace outrider::client {

// The small network is learned anew when the pictures (CLASS/PICTURE) have changed, until the network has grown;
// crossings likewise, from then on.
class GrowingLearner : public Learner {
 public:
  // `store` must outlive the learner. `grow`: also trains the grown network, if its memory suffices. Throws InputError
  // when the options do not say who the client is.
  GrowingLearner(Digest space, growing::GrowingTask task, const Store& store, LearnerOptions options,
                 bool grow = false);

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override;

 private:
  void learn_part(const Teach& teach, const Complain& complain, const std::stop_token& stop);
  void learn_crossings(const growing::GrowthRecord& growth, const Teach& teach, const Complain& complain,
                       const std::stop_token& stop);
  growing::MixtureTraining training_of(const training::LocalWork& work, const growing::LearningPieces& pieces) const;
  // Whether the grown network can be trained here; complains if it cannot.
  bool has_capacity(const Complain& complain) const;
  std::uint64_t seed_of(std::string_view purpose) const;

  Digest space_;
  growing::GrowingTask task_;
  const Store& store_;
  LearnerOptions options_;
  bool grow_;
  ModelPictures pictures_;
};

}  // namespace outrider::client
