// What learns beside the loop: turns the pictures in a folder into lessons. Which kind learns depends on the definition
// that the aggregator hands out: an encoder makes prototypes of classes, a base network masks of tasks, a learning
// task updates of the weights of a round, a growing task a part of a network or its crossings.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "client/core/core.h"
#include "knowledge/capacity.h"
#include "learners/prototypical/class_state.h"
#include "learners/supermask/lottery.h"

namespace outrider::client {

// What of a class goes to the aggregator.
struct LessonForm {
  Precision precision = Precision::float32;  // of updates of rounds, too
  bool deviations = false;                   // for the Mahalanobis head; doubles the size
};

// How a task's mask comes about.
enum class MaskFinder : std::uint8_t {
  edge_popup,  // scores search it, then the weights that nobody owns are trained
  lottery,     // a task that somebody has found a ticket for is trained with its mask; else one is found by pruning
};

struct LearnerOptions {
  std::filesystem::path data;
  bool keep_deleted = false;  // what was learned from pictures that have left the folder stays
  int threads = 1;            // more are quicker where nothing else runs; 0: one per processor
  LessonForm form;
  MaskTraining tasks{.least_steps = 300};  // its seed and threads are set by the learner
  MaskFinder finder = MaskFinder::edge_popup;
  LotteryOptions lottery{};  // likewise
  bool transfer = true;      // tasks start from the known one that fits best
  double held_out = 0.1;     // rounds: share of the pictures that are not trained with, to tell how good a model is
  bool grow = false;         // trains the grown network of a growing task, if its memory suffices
  ClientId self{};           // set by the daemon
  Capacity capacity{};       // of the device; likewise
};

// Not thread-safe; reads the store while the loop commits.
class Learner {
 public:
  // Called with what is new; returns when it is durable. `report` is one sentence for people. Throws InputError when
  // the lesson cannot be sent: then it is not learned.
  using Teach = std::function<void(Lesson lesson, std::string report)>;
  // For what is wrong with a picture or folder, one sentence; it is tried again at the next look.
  using Complain = std::function<void(const std::string& sentence)>;

  virtual ~Learner() = default;

  // Looks at the folder once and learns what is new. Throws InputError when the folder cannot be read.
  virtual void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) = 0;
};

// For the definition in the store's blobs. `store` must outlive the learner. Throws InputError when nothing can be
// learned with it.
std::unique_ptr<Learner> make_learner(const Digest& definition, const Store& store, const LearnerOptions& options);

}  // namespace outrider::client
