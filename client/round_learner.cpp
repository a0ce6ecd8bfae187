#include "client/round_learner.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "client/known_model.h"
#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/averaging/update_wire.h"

namespace outrider::client {
namespace {

averaging::Encoding encoding_of(Precision precision) {
  switch (precision) {
    case Precision::float16:
      return averaging::Encoding::kFloat16;
    case Precision::int8:
      return averaging::Encoding::kInt8;
    case Precision::float32:
      break;
  }
  return averaging::Encoding::kFloat32;
}

}  // namespace

RoundLearner::RoundLearner(Digest space, averaging::LearningTask task, const Store& store, LearnerOptions options)
    : space_(space),
      task_(std::move(task)),
      store_(store),
      options_(std::move(options)),
      pictures_(options_.data, task_.classes, task_.preprocessing.input) {
  require(options_.self != ClientId{}, "a client that learns in rounds needs an identity");
}

void RoundLearner::learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  const auto given = known_round(store_, space_, task_);
  if (!given || !given->asks(options_.self)) return;
  auto last = last_learned(store_, space_, task_);
  const std::uint64_t round = given->state.round;
  if (last && last->round >= round) return;
  const Dataset& examples = pictures_.look(complain);
  if (examples.size() == 0) {
    complain("the aggregator asks for a round of training, but there are no pictures of the model's classes yet");
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  averaging::ClientState before = own_state(store_, std::move(last), given->width);
  averaging::LocalResult learned;
  try {
    learned = averaging::train_locally(
        task_, given->state, before, examples,
        {.client = options_.self, .width = given->width, .parts = given->parts, .threads = options_.threads},
        [&](std::uint64_t, std::uint64_t) { return !stop.stop_requested(); });
  } catch (const InputError&) {
    if (stop.stop_requested()) return;
    throw;
  }
  Bytes payload = averaging::encode_update(learned.update, encoding_of(options_.form.precision));
  const averaging::ClientMemory memory{round, Digest::of(payload), std::move(before), std::move(learned.own),
                                       given->width};
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  const std::string part = given->width < 1 ? fmt::format(" with {} of the channels", given->width) : "";
  const std::string report = fmt::format("trained round {}{} on {} pictures in {:.1f} s, loss {:.3f}; {} bytes", round,
                                         part, examples.size(), spent.count(), learned.loss, payload.size());
  const Topic topic{std::string(averaging::kAveragingKind), space_,
                    averaging::subject_of_update(task_.strategy, round)};
  teach({topic, std::move(payload), memory.encode()}, report);
}

}  // namespace outrider::client
