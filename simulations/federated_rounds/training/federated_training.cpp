#include "simulations/federated_rounds/training/federated_training.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/random.h"
#include "learners/surgery/narrow.h"

namespace outrider::simulations {
namespace {

const ClientId kAggregator = ClientId::from_public_key(bytes_of("the aggregator of a federated training"));

// Ids lie in another order than numbers, as those of real clients do.
ClientId id_of_client(std::size_t number) {
  return ClientId::from_public_key(bytes_of(fmt::format("client {}", number)));
}

Topic model_topic(const Digest& space) {
  return {std::string(averaging::kAveragingKind), space, std::string(averaging::kModelSubject)};
}

}  // namespace

struct FederatedTraining::Lesson {
  Delivery delivery;
  double loss = 0;
  double pictures = 0;
  double received_bytes = 0;
  double operations = 0;
};

FederatedTraining::FederatedTraining(averaging::LearningTask task, const std::vector<TrainingClient>& clients,
                                     FederatedTrainingOptions options)
    : task_(std::move(task)),
      clients_(clients),
      options_(options),
      widths_(task_, options.rules.duration),
      own_(clients.size()) {
  for (std::size_t client = 0; client < clients.size(); ++client) {
    require(std::ranges::count(surgery::kWidths, clients[client].width) == 1,
            fmt::format("client {} is of width {}; expected one of {}", client, clients[client].width,
                        fmt::join(surgery::kWidths, ", ")));
    require(clients[client].width == 1 || averaging::takes_narrow(task_.strategy),
            fmt::format("client {} trains a part of the network, and the strategy takes whole ones only", client));
    if (clients[client].pictures.size() > 0) number_of_.emplace(id_of_client(client), client);
  }
  require(!number_of_.empty(), "no client has a picture to learn from");
  begin(std::nullopt);
}

FederatedTraining::~FederatedTraining() = default;

void FederatedTraining::begin(std::optional<averaging::ServerState> state) {
  space_ = task_.id();
  widths_ = averaging::TaskWidths(task_, options_.rules.duration);
  present_.clear();
  for (const auto& [id, client] : number_of_) present_.push_back({id, widths_.capacity_for(clients_[client].width)});
  merge_ = averaging::AveragingFamily(options_.rules).make_merge();
  if (const auto objection = merge_->open_space(space_, task_.encode())) throw InputError(*objection);
  if (state) say(model_topic(space_), averaging::encode(averaging::RoundRecord{*std::move(state), {}, 0}));
  step();
}

void FederatedTraining::go_on_with(averaging::LearningTask task, averaging::ServerState state) {
  task_ = std::move(task);
  late_.clear();  // they are of a network that is no more
  std::ranges::fill(own_, averaging::ClientState{});
  begin(std::move(state));
}

void FederatedTraining::say(const Topic& topic, Bytes payload) {
  if (topic.subject == averaging::kModelSubject) record_ = averaging::decode_round_record(payload, task_);
  merge_->put({kAggregator, {}, {}, topic, std::move(payload)});
}

void FederatedTraining::step() {
  const Present present = [this] { return present_; };
  for (auto own_contributions = merge_->step(space_, present, now_); !own_contributions.empty();
       own_contributions = merge_->step(space_, present, now_))
    for (OwnContribution& own_contribution : own_contributions)
      if (!own_contribution.topic.kind.empty()) say(own_contribution.topic, std::move(own_contribution.payload));
}

std::vector<std::size_t> FederatedTraining::asked(const std::set<std::size_t>& busy, std::uint64_t draw) const {
  assert(record_.memory.open);
  const auto& asked = record_.memory.rounds.back().asked;
  std::vector<ClientId> ids(asked.begin(), asked.end());
  // Whoever likes may take part in a buffered round: as many as in others do.
  std::vector<ClientId> all;
  for (const PresentClient& client : present_) all.push_back(client.id);
  if (task_.strategy.buffer > 0)
    ids = averaging::sample_clients(all, options_.rules.cohort, task_.seed, record_.state.round, draw);
  std::vector<std::size_t> numbers;
  for (const ClientId& id : ids)
    if (!busy.contains(number_of_.at(id))) numbers.push_back(number_of_.at(id));
  return numbers;
}

double FederatedTraining::width_of(std::size_t client) const {
  return widths_.trained_by(widths_.capacity_for(clients_[client].width)).value();
}

Bytes FederatedTraining::model_for(std::size_t client) const {
  Topic topic = model_topic(space_);
  topic.subject = averaging::subject_of_model(width_of(client));
  return merge_->merged(topic);
}

FederatedTraining::Lesson FederatedTraining::train_one(std::size_t client, const Poll& poll) const {
  const TrainingClient& of = clients_[client];
  const Bytes model = model_for(client);
  const averaging::RoundRecord given = averaging::decode_round_record(model, task_);
  averaging::LocalResult learned = averaging::train_locally(
      task_, given.state, own_[client], of.pictures,
      {.client = id_of_client(client), .width = given.width, .parts = given.parts, .threads = 1},
      [&](std::uint64_t, std::uint64_t) {
        if (poll) poll();
        return true;
      });
  Lesson lesson;
  lesson.loss = learned.loss;
  lesson.pictures = static_cast<double>(of.pictures.size());
  lesson.received_bytes = static_cast<double>(model.size());
  lesson.operations = learned.operations;
  lesson.delivery = {client, given.state.round, averaging::encode_update(learned.update, options_.encoding),
                     std::move(learned.own)};
  return lesson;
}

std::vector<FederatedTraining::Lesson> FederatedTraining::train(const std::vector<std::size_t>& clients,
                                                                const Poll& poll) const {
  std::vector<Lesson> lessons(clients.size());
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr failure;
  std::mutex mutex;
  // One of the workers is this thread, which alone may poll.
  const auto work = [&](const Poll& look) {
    try {
      for (std::size_t i = next++; i < clients.size() && !failed; i = next++) lessons[i] = train_one(clients[i], look);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  std::vector<std::jthread> others;
  for (int worker = 1; worker < options_.workers; ++worker) others.emplace_back(work, Poll{});
  work(poll);
  others.clear();
  if (failure) std::rethrow_exception(failure);
  return lessons;
}

void FederatedTraining::deliver(Delivery delivery, TrainedRound& round) {
  const ClientId id = id_of_client(delivery.client);
  round.sent_bytes += static_cast<double>(delivery.payload.size());
  const Contribution contribution{
      id,
      {},
      {},
      {std::string(averaging::kAveragingKind), space_, averaging::subject_of_update(task_.strategy, delivery.round)},
      std::move(delivery.payload)};
  if (auto objection = merge_->objection(contribution)) {
    ++round.refused;
    refusal_ = *std::move(objection);
    return;
  }
  merge_->put(contribution);
  own_[delivery.client] = std::move(delivery.after);
  ++round.used;
  step();
}

TrainedRound FederatedTraining::round(const Poll& poll) {
  const std::uint64_t number = record_.state.round;
  TrainedRound result;
  result.round = number;
  deliver_late(result);
  std::set<std::size_t> busy;
  double pictures = 0;
  for (std::uint64_t draw = 0; record_.state.round == number; ++draw) {
    const std::vector<std::size_t> clients = asked(busy, draw);
    busy.insert(clients.begin(), clients.end());
    for (Lesson& lesson : train(clients, poll)) {
      ++result.asked;
      pictures += lesson.pictures;
      result.loss += lesson.loss * lesson.pictures;
      result.received_bytes += lesson.received_bytes;
      result.operations += lesson.operations;
      if (is_late(lesson.delivery)) {
        late_.push_back(std::move(lesson.delivery));
      } else {
        deliver(std::move(lesson.delivery), result);
      }
    }
    if (record_.state.round == number) wait(clients.empty(), result);
  }
  result.loss /= std::max(pictures, 1.0);
  return result;
}

bool FederatedTraining::is_late(const Delivery& delivery) const {
  return Random(options_.seed, "late", delivery.client, delivery.round).uniform() < static_cast<float>(options_.late);
}

void FederatedTraining::deliver_late(TrainedRound& result) {
  for (Delivery& delivery : std::exchange(late_, {})) deliver(std::move(delivery), result);
}

// Whoever is late lets the time run out; then the round makes do with what is there, or asks others. Where there are no
// others it waits until the late ones come.
void FederatedTraining::wait(bool nobody_left, TrainedRound& result) {
  const std::uint64_t number = record_.state.round;
  let_time_run_out();
  if (!nobody_left || record_.state.round != number) return;
  deliver_late(result);
  if (record_.state.round == number) let_time_run_out();
  require(record_.state.round != number,
          fmt::format("round {} cannot end: all clients have answered, and too few updates were taken{}{}", number,
                      refusal_.empty() ? "" : "; the last was refused: ", refusal_));
}

// As long as a round may last, unless it ends before. The server has things to look after meanwhile.
void FederatedTraining::let_time_run_out() {
  const std::uint64_t number = record_.state.round;
  const Instant end = now_ + options_.rules.duration;
  while (record_.state.round == number && now_ < end && merge_->deadline() != kNever) {
    now_ = std::clamp(merge_->deadline(), now_ + Instant{1}, end);
    step();
  }
}

nn::Parameters FederatedTraining::weights_of(std::size_t client) const {
  const averaging::RoundRecord given = averaging::decode_round_record(model_for(client), task_);
  return averaging::personal_weights(given.state, own_[client]);
}

}  // namespace outrider::simulations
