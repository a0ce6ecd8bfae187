// Which part of a task's network a client trains and is sent, by what its device can do (Diao et al. 2021, HeteroFL).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "knowledge/family.h"
#include "learners/averaging/learning_task.h"
#include "learners/averaging/rounds.h"
#include "learners/surgery/narrow.h"
#include "learners/training/training_cost.h"

namespace outrider::averaging {

// The clients that can be asked to train.
struct Candidates {
  std::vector<ClientId> able;
  std::map<ClientId, double> narrow;  // those of them that train a part of the network: its width
  std::size_t unable = 0;             // others that are there
};
// For people: "3 of 8 clients, 2 of them for a part of the model; 1 more cannot train it".
std::string asking(const RoundMemory& round, const Candidates& candidates);

// What every width takes is worked out once, so that asking is cheap.
class TaskWidths {
 public:
  // A task in epochs does not say how many pictures a client goes through; this many are reckoned with.
  static constexpr double kPictures = 1000;

  // For rounds of that length, in which a client is to finish.
  TaskWidths(const LearningTask& task, Instant round);

  // The widest part that such a client can train; nothing if it cannot train the narrowest, or where the strategy takes
  // whole networks only (takes_narrow()), the whole.
  std::optional<double> trained_by(const Capacity& capacity) const;
  // The part that it is sent: the one that it trains; or the whole, to predict with, which takes less, since nobody
  // trains a narrower one to stand by itself; nothing if it cannot even hold that.
  std::optional<double> sent_to(const Capacity& capacity) const;
  // That of a device which can train a part of this width, one of kWidths, and no wider one; of any device for the
  // whole. Asserts that there is such a part.
  Capacity capacity_for(double width) const;
  Candidates candidates(std::span<const PresentClient> present) const;
  // Why such a client, which trains none, does not, as one sentence.
  std::string excuse(const Capacity& capacity) const;

 private:
  struct Part {
    double width = 1;
    training::TrainingCost cost;
  };

  std::vector<Part> parts_;     // falling
  std::size_t predicting_ = 0;  // bytes, with the whole
  double seconds_;
};

}  // namespace outrider::averaging
