// Answers from the state of a client whose network grows.
#pragma once

#include <string>

#include "client/class_shares.h"
#include "learners/data/image.h"
#include "learners/growing/growing_task.h"
#include "learners/nn/plan.h"
#include "storage/store.h"

namespace outrider::client {

// Which network a state answers with.
enum class GrowthStage : std::uint8_t {
  own,      // the client's small network
  grown,    // the networks of several clients, merged
  crossed,  // and trained since
};

// A snapshot of a state, which may go on changing. Used by one thread at a time.
class GrowingPredictor {
 public:
  // With the grown network where it is known, else with the client's own. Throws InputError when there is neither.
  explicit GrowingPredictor(const Store& store, int threads = 1);

  // A picture of any size.
  LikelyClasses predict(const Image& picture);
  GrowthStage stage() const { return stage_; }

 private:
  struct Known;
  GrowingPredictor(const Store& store, const growing::GrowingTask& task, int threads);
  GrowingPredictor(growing::GrowingTask task, const Known& known, int threads);
  static Known known_to(const Store& store, const growing::GrowingTask& task);

  growing::GrowingTask task_;
  GrowthStage stage_;
  nn::InferencePlan plan_;
};

}  // namespace outrider::client
