// Who waits for training to end.
#pragma once

#include <functional>

namespace outrider {

// What either throws ends the training.
struct TrainingWatch {
  std::function<void()> poll{};        // called several times a second
  std::function<void()> epoch_done{};  // called after every epoch, of every phase

  void look() const {
    if (poll) poll();
  }
  void count_epoch() const {
    if (epoch_done) epoch_done();
  }
};

}  // namespace outrider
