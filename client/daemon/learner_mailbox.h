// Where the learner's thread and the loop of a client meet: which definition to use, and whether there is something
// new.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <utility>

#include "knowledge/contribution.h"
#include "knowledge/digest.h"

namespace outrider::client {

// Thread-safe.
class LearnerMailbox {
 public:
  void show(const Digest& definition) {
    const std::lock_guard lock(mutex_);
    definition_ = definition;
    changed_.notify_all();
  }
  // What is known is of this revision now.
  void show(Revision known) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(known_, known) != known) changed_.notify_all();
  }

  // How long the learner rests between looks: at least so long, and at most so long where there is nothing new.
  struct Rest {
    std::chrono::milliseconds least;
    std::chrono::milliseconds most;
  };
  // Waits for another definition than `current`, and after the least rest for another revision than at the return
  // before. Returns the definition to use. For one thread.
  Digest wait(const Digest& current, const Rest& rest, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto is_other = [&] { return definition_ != current; };
    if (!changed_.wait_for(lock, stop, rest.least, is_other) && rest.most > rest.least)
      changed_.wait_for(lock, stop, rest.most - rest.least, [&] { return is_other() || known_ != looked_at_; });
    looked_at_ = known_;
    return definition_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Digest definition_;
  Revision known_{};
  Revision looked_at_{};
};

// After a look that found nothing new and took so much of a processor: at a folder of very many pictures, say, it then
// takes a small share of one.
inline LearnerMailbox::Rest rest_after(std::chrono::nanoseconds look, std::chrono::milliseconds least) {
  constexpr int kShare = 300;
  constexpr std::chrono::milliseconds kLongest{60'000};
  const auto rest = std::min(std::chrono::duration_cast<std::chrono::milliseconds>(kShare * look), kLongest);
  return {least, std::max(least, rest)};
}

}  // namespace outrider::client
