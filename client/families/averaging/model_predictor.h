// Answers from the state of a client that learns in rounds.
#pragma once

#include <string>
#include <vector>

#include "client/class_shares.h"
#include "learners/averaging/local_training.h"
#include "learners/averaging/round_record.h"
#include "learners/data/image.h"
#include "learners/nn/plan.h"
#include "storage/store.h"

namespace outrider::client {

// A snapshot of a state, which may go on changing. Used by one thread at a time.
class ModelPredictor {
 public:
  // With the weights of the round that did best on held-out pictures, else of the last, and the client's own
  // normalisation where it keeps one (FedBN). Throws InputError when the state knows no round yet.
  explicit ModelPredictor(const Store& store, int threads = 1);

  // A picture of any size.
  LikelyClasses predict(const Image& picture);
  // The newest that is known, and the one whose weights are used.
  std::uint64_t round() const { return round_; }
  std::uint64_t served_round() const { return served_; }
  // Of the part of the task's network that this client has.
  double width() const { return width_; }

 private:
  ModelPredictor(const Store& store, const averaging::LearningTask& task, int threads);
  ModelPredictor(const Store& store, const averaging::RoundRecord& given, const averaging::LearningTask& task,
                 int threads);
  ModelPredictor(const averaging::RoundRecord& given, const averaging::ServerState& served,
                 const averaging::ClientState& own, averaging::LearningTask task, int threads);

  averaging::LearningTask task_;
  std::uint64_t round_;
  std::uint64_t served_;
  double width_;
  nn::InferencePlan plan_;
};

}  // namespace outrider::client
