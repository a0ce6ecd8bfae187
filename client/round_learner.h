// Trains the weights of a round from the pictures in a folder, whenever the aggregator asks this client.
#pragma once

#include "client/class_pictures.h"
#include "client/learner.h"
#include "learners/averaging/local_training.h"

namespace outrider::client {

// Each round is learned once, from all pictures that are in the folder by then: CLASS/PICTURE.
class RoundLearner : public Learner {
 public:
  // `store` must outlive the learner. Throws InputError when the options do not say who the client is.
  RoundLearner(Digest space, averaging::LearningTask task, const Store& store, LearnerOptions options);

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override;

 private:
  Digest space_;
  averaging::LearningTask task_;
  const Store& store_;
  LearnerOptions options_;
  ClassPictures pictures_;
};

}  // namespace outrider::client
