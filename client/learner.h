// What learns beside the loop: turns the pictures in a folder into lessons. Which kind learns depends on the definition
// that the aggregator hands out: see client_family.h.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "client/core/core.h"
#include "knowledge/capacity.h"
#include "learners/precision.h"

namespace outrider::client {

// What all families ask. What only one does is that family's own: see client_family.h.
struct LearnerOptions {
  std::filesystem::path data;
  int threads = 1;                           // more are quicker where nothing else runs; 0: one per processor
  Precision precision = Precision::float32;  // of what is contributed in numbers
  ClientId self{};                           // set by the daemon
  Capacity capacity{};                       // of the device; likewise
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

}  // namespace outrider::client
