// Trains the weights of a round from the pictures in a folder, whenever the aggregator asks this client.
#pragma once

#include <optional>

#include "client/learner.h"
#include "client/pictures/model_pictures.h"
#include "learners/averaging/excuse.h"
#include "learners/averaging/held_out.h"
#include "learners/averaging/local_training.h"
#include "learners/averaging/round_record.h"

namespace outrider::client {

// Each round is learned once, from all pictures that are in the folder by then: CLASS/PICTURE. Where there are none, or
// training diverges, the aggregator is told, so that it does not wait (learners/averaging/excuse.h). What is known is
// read once a revision: a model may be large.
// Share of the pictures of a class that is not trained with, to tell how good a model is.
inline constexpr double kUsualHeldOut = 0.1;

class RoundLearner : public Learner {
 public:
  // `store` must outlive the learner. Throws InputError when the options do not say who the client is.
  RoundLearner(Digest space, averaging::LearningTask task, const Store& store, LearnerOptions options,
               double held_out = kUsualHeldOut);

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override;

 private:
  void look_at_round();
  Topic topic_of(std::string subject) const;
  void say(const averaging::Excuse& excuse, const Teach& teach, const std::string& report);
  bool takes_excuse_back(const Teach& teach, const Complain& complain);
  void split(const Dataset& examples);
  void train(const Teach& teach, const std::stop_token& stop);

  Digest space_;
  averaging::LearningTask task_;
  const Store& store_;
  LearnerOptions options_;
  double held_out_;
  ModelPictures pictures_;
  averaging::HeldOut split_;          // of the pictures
  Digest split_of_;                   // their fingerprint
  std::optional<Revision> revision_;  // that was looked at last
  bool told_of_end_ = false;
  std::optional<averaging::RoundRecord> to_learn_;  // the round of that revision, if it asks this client
};

}  // namespace outrider::client
