// Training batches of a data set, prepared by a thread of their own while the network learns on the one before.
//
//   Batches batches(dataset, encoder.preprocessing, {.size = 64, .seed = seed, .augmentation = {.shift = 4, .flip =
//   true}}); for (...) {
//     const Batch& batch = batches.next();
//     nn::softmax_cross_entropy(plan.forward(batch.input), batch.labels, plan.output_gradient());
//     ...
//   }
//
// What a batch holds depends on the options and its number alone, not on timing: order and changes of the pictures come
// from Random(seed, "order", client, epoch) and Random(seed, "augmentation", client, number of the picture).
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "learners/data/dataset.h"
#include "learners/encoders/augmentation.h"
#include "learners/encoders/encoder.h"

namespace outrider {

struct BatchOptions {
  std::size_t size = 64;  // pictures
  std::uint64_t seed = 0;
  std::uint64_t client = 0;
  bool shuffle = true;  // anew for each epoch; otherwise in the order of the data set
  Augmentation augmentation{};
};

struct Batch {
  std::vector<float> input;           // size x shape.size(), as a plan reads it
  std::vector<std::uint32_t> labels;  // size
  std::uint64_t number = 0;           // from 0
  std::uint64_t epoch = 0;            // from 0
};

// An endless sequence of batches. Pictures at the end of an epoch that fill no batch are left out of that epoch. Used
// by one thread.
class Batches {
 public:
  // Refers to the data set: it outlives this and does not change. Throws InputError when its pictures are not those of
  // the preprocessing, it has fewer of them than a batch, or the augmentation does not fit them.
  Batches(const Dataset& dataset, const Preprocessing& preprocessing, const BatchOptions& options);
  ~Batches();
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  std::uint64_t batches_per_epoch() const { return dataset_.size() / options_.size; }
  // Valid until the next call.
  const Batch& next();

 private:
  void work();
  void prepare(Batch& batch, std::uint64_t number);
  void order_epoch(std::uint64_t epoch);

  const Dataset& dataset_;
  BatchOptions options_;
  std::array<float, 256> values_;      // what each pixel value becomes
  std::vector<std::uint32_t> order_;   // of the epoch at hand; the worker's
  std::vector<std::uint8_t> changed_;  // one picture; the worker's
  std::array<Batch, 2> slots_;         // batch n lies in slot n % 2

  std::mutex mutex_;
  std::condition_variable moved_;
  std::uint64_t prepared_ = 0;  // batches that the worker has finished
  std::uint64_t taken_ = 0;     // batches that next() has returned
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::thread worker_;  // last: it uses all of the above
};

}  // namespace outrider
