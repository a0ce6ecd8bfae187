#include "client/families/averaging/round_learner.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "client/core/replica.h"
#include "client/families/averaging/known_model.h"
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

RoundLearner::RoundLearner(Digest space, averaging::LearningTask task, const Store& store, LearnerOptions options,
                           double held_out)
    : space_(space),
      task_(std::move(task)),
      store_(store),
      options_(std::move(options)),
      held_out_(held_out),
      pictures_(options_.data, task_.classes, task_.preprocessing.input) {
  require(options_.self != ClientId{}, "a client that learns in rounds needs an identity");
}

void RoundLearner::learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  if (standing_excuse(store_, space_) && !takes_excuse_back(teach, complain)) return;
  look_at_round();
  if (!to_learn_) return;
  const std::uint64_t round = to_learn_->state.round;
  const Dataset& examples = pictures_.look(complain);
  if (examples.size() == 0) {
    const std::string report =
        "the aggregator asks for a round of training, but there are no pictures of the model's classes yet";
    say({averaging::Cause::kNoPictures, round}, teach, report + ": it is told not to wait");
    return;
  }
  try {
    split(examples);
    train(teach, stop);
  } catch (const averaging::Diverged& diverged) {
    complain(diverged.what());
    say({averaging::Cause::kDiverged, round}, teach,
        fmt::format("the aggregator is told that round {} diverged", round));
  }
}

// Whether there is something to learn now is known from what was read of this revision.
void RoundLearner::look_at_round() {
  const Revision revision = known_revision(store_);
  if (revision_ == revision) return;
  to_learn_ = known_round(store_, space_, task_);
  revision_ = revision;
  if (!to_learn_) return;
  if (!to_learn_->finished.empty() && !std::exchange(told_of_end_, true))
    spdlog::info("training is over: {}", to_learn_->finished);
  if (to_learn_->finished.empty()) told_of_end_ = false;
  const auto last = last_learned(store_, space_, task_);
  const bool is_new = to_learn_->asks(options_.self) && (!last || last->round < to_learn_->state.round);
  if (!is_new) to_learn_.reset();
}

Topic RoundLearner::topic_of(std::string subject) const {
  return {std::string(averaging::kAveragingKind), space_, std::move(subject)};
}

void RoundLearner::say(const averaging::Excuse& excuse, const Teach& teach, const std::string& report) {
  const Bytes said = averaging::encode(excuse);
  teach({topic_of(std::string(averaging::kExcuseSubject)), said, said}, report);
  to_learn_.reset();
}

// Where training diverged, the next round may fare better; where there were no pictures, there may be some now.
bool RoundLearner::takes_excuse_back(const Teach& teach, const Complain& complain) {
  const auto excuse = standing_excuse(store_, space_);
  if (excuse->cause == averaging::Cause::kDiverged) {
    look_at_round();
    if (to_learn_ && to_learn_->state.round <= excuse->round) to_learn_.reset();
    return true;
  }
  if (pictures_.look(complain).size() == 0) return false;
  teach({topic_of(std::string(averaging::kExcuseSubject)), {}, {}}, "there are pictures now: this client can train");
  revision_.reset();
  return true;
}

void RoundLearner::split(const Dataset& examples) {
  if (split_of_ == pictures_.fingerprint()) return;
  split_ = averaging::hold_out(examples, held_out_);
  split_of_ = pictures_.fingerprint();
}

void RoundLearner::train(const Teach& teach, const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  const averaging::RoundRecord& given = *to_learn_;
  const std::uint64_t round = given.state.round;
  averaging::ClientState before = own_state(store_, last_learned(store_, space_, task_), given.width);
  const averaging::Score score = averaging::score_of(task_, averaging::personal_weights(given.state, before),
                                                     given.width, round, split_.held_out, options_.threads);
  averaging::LocalResult learned;
  try {
    learned = averaging::train_locally(
        task_, given.state, before, split_.training,
        {.client = options_.self, .width = given.width, .parts = given.parts, .threads = options_.threads},
        [&](std::uint64_t, std::uint64_t) { return !stop.stop_requested(); });
  } catch (const InputError&) {
    if (stop.stop_requested()) return;
    throw;
  }
  learned.update.score = score;
  Bytes payload = averaging::encode_update(learned.update, encoding_of(options_.precision));
  const averaging::ClientMemory memory{round, Digest::of(payload), std::move(before), std::move(learned.own),
                                       given.width};
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  const std::string part = given.width < 1 ? fmt::format(" with {} of the channels", given.width) : "";
  const std::string told =
      score.pictures > 0 ? fmt::format("; of {} held out its model tells {} right", score.pictures, score.correct) : "";
  const std::string report =
      fmt::format("trained round {}{} on {} pictures in {:.1f} s, loss {:.3f}{}; {} bytes", round, part,
                  split_.training.size(), spent.count(), learned.loss, told, payload.size());
  teach({topic_of(averaging::subject_of_update(task_.strategy, round)), std::move(payload), memory.encode()}, report);
  if (!stop.stop_requested()) to_learn_.reset();
}

}  // namespace outrider::client
