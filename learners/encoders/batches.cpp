#include "learners/encoders/batches.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/encoders/embedder.h"
#include "learners/random.h"

namespace outrider {

Batches::Batches(const Dataset& dataset, const Preprocessing& preprocessing, const BatchOptions& options)
    : dataset_(dataset), options_(options), values_(pixel_values(preprocessing)), changed_(dataset.shape.size()) {
  const ImageShape& found = dataset.shape;
  const ImageShape& wanted = preprocessing.input;
  if (found != wanted)
    throw InputError(fmt::format("the pictures are {}x{}x{}; the encoder takes {}x{}x{}", found.channels, found.height,
                                 found.width, wanted.channels, wanted.height, wanted.width));
  if (options.size == 0 || dataset.size() < options.size)
    throw InputError(fmt::format("batches of {} pictures were asked for; expected 1 to {}, the number of pictures",
                                 options.size, dataset.size()));
  options.augmentation.check(found);
  for (Batch& slot : slots_) {
    slot.input.resize(options.size * found.size());
    slot.labels.resize(options.size);
  }
  worker_ = std::thread([this] { work(); });
}

Batches::~Batches() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  moved_.notify_all();
  worker_.join();
}

const Batch& Batches::next() {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [this] { return prepared_ > taken_ || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  const Batch& batch = slots_[taken_ % slots_.size()];
  ++taken_;
  moved_.notify_all();
  return batch;
}

// The batch that next() returned last is in use: batch n may be prepared once batch n - 1 has been taken, which gives
// back the slot of batch n - 2.
void Batches::work() {
  try {
    for (std::uint64_t number = 0;; ++number) {
      {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [&] { return stopping_ || number < taken_ + slots_.size() - (taken_ > 0 ? 1 : 0); });
        if (stopping_) return;
      }
      prepare(slots_[number % slots_.size()], number);
      const std::lock_guard lock(mutex_);
      prepared_ = number + 1;
      moved_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    moved_.notify_all();
  }
}

void Batches::prepare(Batch& batch, std::uint64_t number) {
  const std::uint64_t epoch = number / batches_per_epoch();
  const std::uint64_t within = number % batches_per_epoch();
  if (within == 0) order_epoch(epoch);
  batch.number = number;
  batch.epoch = epoch;
  const std::size_t size = dataset_.shape.size();
  for (std::size_t i = 0; i < options_.size; ++i) {
    const std::size_t index = order_[within * options_.size + i];
    const auto input = std::span(batch.input).subspan(i * size, size);
    batch.labels[i] = dataset_.labels[index];
    if (options_.augmentation.none()) {
      preprocess(dataset_.image(index), values_, input);
      continue;
    }
    Random random(options_.seed, "augmentation", options_.client, number * options_.size + i);
    augment(dataset_.image(index), dataset_.shape, options_.augmentation, random, changed_);
    preprocess(changed_, values_, input);
  }
}

void Batches::order_epoch(std::uint64_t epoch) {
  order_.resize(dataset_.size());
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  if (!options_.shuffle) return;
  Random random(options_.seed, "order", options_.client, epoch);
  random.shuffle(std::span(order_));
}

}  // namespace outrider
