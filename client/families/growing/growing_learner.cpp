#include "client/families/growing/growing_learner.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "client/families/growing/known_growth.h"
#include "knowledge/error.h"
#include "learners/growing/merge.h"
#include "learners/growing/mixture_training.h"
#include "learners/growing/mixture_wire.h"
#include "learners/random.h"
#include "learners/training/local_work.h"
#include "learners/training/training_cost.h"

namespace outrider::client {
namespace {

std::size_t classes_among(const Dataset& pictures) {
  return std::set<std::uint32_t>(pictures.labels.begin(), pictures.labels.end()).size();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Trains; nothing if that was stopped.
std::optional<growing::TrainedMixture> train(const growing::MixtureNetwork& network, const growing::GrowingTask& task,
                                             const Dataset& pictures, const growing::MixtureTraining& training,
                                             const std::stop_token& stop) {
  try {
    return growing::train_mixture(network, task.preprocessing, task.classes, pictures, training,
                                  [&](std::uint64_t, std::uint64_t) { return !stop.stop_requested(); });
  } catch (const InputError&) {
    if (stop.stop_requested()) return std::nullopt;
    throw;
  }
}

}  // namespace

GrowingLearner::GrowingLearner(Digest space, growing::GrowingTask task, const Store& store, LearnerOptions options,
                               bool grow)
    : space_(space),
      task_(std::move(task)),
      store_(store),
      options_(std::move(options)),
      grow_(grow),
      pictures_(options_.data, task_.classes, task_.preprocessing.input) {
  require(options_.self != ClientId{}, "a client whose network grows needs an identity");
}

void GrowingLearner::learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  const auto growth = known_growth(store_, space_, task_);
  if (!growth) {
    learn_part(teach, complain, stop);
  } else if (grow_) {
    learn_crossings(*growth, teach, complain, stop);
  }
}

void GrowingLearner::learn_part(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  const Dataset& examples = pictures_.look(complain);
  const auto last = growing_memory(store_, space_, growing::kSmallSubject);
  if (examples.size() == 0 || (last && last->pictures == pictures_.fingerprint())) return;
  const auto start = std::chrono::steady_clock::now();
  const auto learned = train(growing::MixtureNetwork::initial(task_.small, seed_of("part")), task_, examples,
                             training_of(task_.alone, {}), stop);
  if (!learned) return;
  Bytes payload = growing::encode_mixture(learned->network);
  const growing::GrowingMemory memory{pictures_.fingerprint(), {}, payload};
  const std::string report =
      fmt::format("trained a small network on {} pictures of {} classes in {:.1f} s, loss {:.3f}; {} bytes",
                  examples.size(), classes_among(examples), seconds_since(start), learned->loss, payload.size());
  teach({growing_topic(space_, growing::kSmallSubject), std::move(payload), memory.encode()}, report);
}

void GrowingLearner::learn_crossings(const growing::GrowthRecord& growth, const Teach& teach, const Complain& complain,
                                     const std::stop_token& stop) {
  const Dataset& examples = pictures_.look(complain);
  const Digest event = growth.event.id();
  const auto last = growing_memory(store_, space_, growing::kCrossingSubject);
  if (last && last->pictures == pictures_.fingerprint() && last->event == event) return;
  if (!has_capacity(complain)) return;
  if (classes_among(examples) < 2) {
    complain("the grown network is not trained here: that takes pictures of two of its classes or more");
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto learned =
      train(growth.grown(), task_, examples, training_of(task_.crossing, growing::kCrossingPieces), stop);
  if (!learned) return;
  Bytes payload = growing::Crossing::of(learned->network, event, examples.size()).encode();
  const growing::GrowingMemory memory{pictures_.fingerprint(), event, {}};
  const std::string report = fmt::format(
      "trained the crossings of the grown network on {} pictures of {} classes in {:.1f} s, loss {:.3f}; {} "
      "bytes",
      examples.size(), classes_among(examples), seconds_since(start), learned->loss, payload.size());
  teach({growing_topic(space_, growing::kCrossingSubject), std::move(payload), memory.encode()}, report);
}

growing::MixtureTraining GrowingLearner::training_of(const training::LocalWork& work,
                                                     const growing::LearningPieces& pieces) const {
  growing::MixtureTraining training;
  training.work = work;
  training.pieces = pieces;
  training.seed = task_.seed;
  training.client = options_.self;
  training.threads = options_.threads;
  return training;
}

bool GrowingLearner::has_capacity(const Complain& complain) const {
  const nn::NetworkSpec grown = growing::layout_of(task_.grown_form()).network;
  const std::size_t bytes =
      training::training_cost(grown, {.batch = task_.crossing.batch, .threads = options_.threads}).bytes;
  if (bytes <= options_.capacity.memory) return true;
  complain(fmt::format("the grown network is not trained here: that takes {}, and {} are there", memory_text(bytes),
                       memory_text(options_.capacity.memory)));
  return false;
}

std::uint64_t GrowingLearner::seed_of(std::string_view purpose) const {
  std::uint64_t client = 0;
  std::memcpy(&client, options_.self.bytes.data(), sizeof client);
  Random random(task_.seed, purpose, client);
  const std::uint64_t high = random();
  return high << 32U | random();
}

}  // namespace outrider::client
