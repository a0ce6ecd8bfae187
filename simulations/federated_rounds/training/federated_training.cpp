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

#include "aggregator/core/decision.h"
#include "client/core/replica.h"
#include "client/families/averaging/known_model.h"
#include "knowledge/error.h"
#include "learners/averaging/merge.h"
#include "learners/random.h"
#include "learners/surgery/narrow.h"

namespace outrider::simulations {
namespace {

// Nothing is lost in fair weather: what takes longer will never be.
constexpr Instant kPatience = std::chrono::minutes(10);

// The aggregator's last word on its rounds.
std::optional<aggregator::Decision> last_record(const ScriptedWorld& world, const Digest& space) {
  std::optional<aggregator::Decision> last;
  world.aggregator_store().scan(Column::contributions, world.aggregator_id().view(), [&](ByteView, ByteView value) {
    aggregator::Decision decision = aggregator::decode_decision(value);
    if (!decision.is_accepted() || decision.dropped) return;
    const Topic& topic = decision.accepted->topic;
    if (topic.space == space && topic.subject == averaging::kModelSubject) last = std::move(decision);
  });
  return last;
}

}  // namespace

struct FederatedTraining::Trained {
  Delivery delivery;
  double loss = 0;
  double pictures = 0;
  double received_bytes = 0;
  double operations = 0;
};

FederatedTraining::FederatedTraining(averaging::LearningTask task, const std::vector<TrainingClient>& clients,
                                     FederatedTrainingOptions options)
    : task_(std::move(task)), clients_(clients), options_(options), widths_(task_, options.rules.duration) {
  for (std::size_t client = 0; client < clients.size(); ++client) {
    require(std::ranges::count(surgery::kWidths, clients[client].width) == 1,
            fmt::format("client {} is of width {}; expected one of {}", client, clients[client].width,
                        fmt::join(surgery::kWidths, ", ")));
    require(clients[client].width == 1 || averaging::takes_narrow(task_.strategy),
            fmt::format("client {} trains a part of the network, and the strategy takes whole ones only", client));
    if (clients[client].pictures.size() > 0)
      number_of_.emplace(id_of_client(static_cast<std::uint32_t>(client)), client);
  }
  require(!number_of_.empty(), "no client has a picture to learn from");
  begin(std::nullopt);
}

FederatedTraining::~FederatedTraining() = default;

WorldOptions FederatedTraining::world_options() const {
  WorldOptions options =
      ScriptedWorld::options(options_.seed, clients_.size(), {},
                             [rules = options_.rules](const ClientId&) {
                               std::vector<std::unique_ptr<Family>> families;
                               families.push_back(std::make_unique<averaging::AveragingFamily>(rules));
                               return families;
                             },
                             {});
  options.watch = Watch::changes;
  options.most_payload_bytes = options.limits.payload_bytes;
  // Updates lie on both disks in the same parts: in memory they are there once.
  options.parts.part_bytes = options.limits.uploads.part_bytes;
  // Of updates that a round has used nothing is kept but that they were there.
  options.limits.history.bytes = 0;
  options.limits.history.records = 1000;
  for (const TrainingClient& client : clients_) options.capacities.push_back(widths_.capacity_for(client.width));
  return options;
}

// The first round chooses among all, so they are there before there is something to learn.
void FederatedTraining::begin(const std::optional<averaging::ServerState>& state) {
  space_ = task_.id();
  widths_ = averaging::TaskWidths(task_, options_.rules.duration);
  seen_ = Revision{};
  seen_record_ = Digest{};
  record_ = {};
  world_ = std::make_unique<ScriptedWorld>(world_options());
  for (const auto& [id, client] : number_of_) world_->join(static_cast<std::uint32_t>(client));
  run_until(
      [&] {
        return std::ranges::all_of(world_->joined(),
                                   [&](std::uint32_t client) { return world_->client(client).connected(); });
      },
      "clients do not find their aggregator");
  std::vector<aggregator::BaseKnowledge> base;
  if (state)
    base.push_back({std::string(averaging::kAveragingKind), std::string(averaging::kModelSubject),
                    averaging::encode(averaging::RoundRecord{*state, {}, 0})});
  world_->publish(task_.encode(), base);
  for (const std::uint32_t client : world_->joined()) world_->let_wait(client, true);
  run_until([&] { return record_.memory.open; }, "no round can begin");
}

void FederatedTraining::go_on_with(averaging::LearningTask task, averaging::ServerState state) {
  task_ = std::move(task);
  late_.clear();  // they are of a network that is no more
  begin(state);
}

void FederatedTraining::run_until(const std::function<bool()>& holds, std::string_view what) {
  const bool so = world_->run_until(
      [&] {
        look();
        return holds();
      },
      kPatience);
  require(so, fmt::format("{}; {} minutes of virtual time have passed", what,
                          std::chrono::duration_cast<std::chrono::minutes>(kPatience).count()));
}

void FederatedTraining::look() {
  const Revision revision = world_->aggregator().revision();
  if (revision == seen_) return;
  seen_ = revision;
  const auto last = last_record(*world_, space_);
  if (!last || last->id == seen_record_) return;
  seen_record_ = last->id;
  record_ = averaging::decode_round_record(aggregator::whole(*last, world_->aggregator_store()).payload, task_);
}

void FederatedTraining::let_catch_up(std::span<const std::size_t> clients) const {
  const auto each = [&](const auto& action) {
    for (const std::size_t client : clients) action(static_cast<std::uint32_t>(client));
  };
  each([&](std::uint32_t client) { world_->let_wait(client, false); });
  const bool so = world_->run_until(
      [&] {
        return std::ranges::all_of(
            clients, [&](std::size_t client) { return world_->has_caught_up(static_cast<std::uint32_t>(client)); });
      },
      kPatience);
  require(so, "clients do not catch up with the model");
  each([&](std::uint32_t client) { world_->let_wait(client, true); });
}

std::vector<std::size_t> FederatedTraining::asked(const std::set<std::size_t>& busy, std::uint64_t draw) const {
  assert(record_.memory.open);
  const auto& asked = record_.memory.rounds.back().asked;
  std::vector<ClientId> ids(asked.begin(), asked.end());
  // Whoever likes may take part in a buffered round: as many as in others do.
  std::vector<ClientId> all;
  for (const auto& [id, client] : number_of_) all.push_back(id);
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

Topic FederatedTraining::model_topic(std::size_t client) const {
  return {std::string(averaging::kAveragingKind), space_, averaging::subject_of_model(width_of(client))};
}

averaging::RoundRecord FederatedTraining::given_to(std::size_t client) const {
  const Store& disk = world_->client_store(static_cast<std::uint32_t>(client));
  return averaging::decode_round_record(client::known(disk, model_topic(client)).value(), task_);
}

FederatedTraining::Trained FederatedTraining::train_one(std::size_t client, const Poll& poll) const {
  const auto number = static_cast<std::uint32_t>(client);
  const TrainingClient& of = clients_[client];
  const Store& disk = world_->client_store(number);
  const Bytes model = client::known(disk, model_topic(client)).value();
  const averaging::RoundRecord given = averaging::decode_round_record(model, task_);
  averaging::ClientMemory memory;
  memory.before = client::own_state(disk, client::last_learned(disk, space_, task_), given.width);
  averaging::LocalResult learned = averaging::train_locally(
      task_, given.state, memory.before, of.pictures,
      {.client = id_of_client(number), .width = given.width, .parts = given.parts, .threads = 1},
      [&](std::uint64_t, std::uint64_t) {
        if (poll) poll();
        return true;
      });
  Bytes update = averaging::encode_update(learned.update, options_.encoding);
  memory.round = given.state.round;
  memory.update = Digest::of(update);
  memory.after = std::move(learned.own);
  memory.width = given.width;
  Trained trained;
  trained.loss = learned.loss;
  trained.pictures = static_cast<double>(of.pictures.size());
  trained.received_bytes = static_cast<double>(model.size());
  trained.operations = learned.operations;
  trained.delivery = {
      client,
      memory.round,
      {{std::string(averaging::kAveragingKind), space_, averaging::subject_of_update(task_.strategy, memory.round)},
       std::move(update),
       memory.encode()}};
  return trained;
}

std::vector<FederatedTraining::Trained> FederatedTraining::train(const std::vector<std::size_t>& clients,
                                                                 const Poll& poll) const {
  std::vector<Trained> lessons(clients.size());
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

void FederatedTraining::deliver(const Delivery& delivery, TrainedRound& round) {
  const auto client = static_cast<std::uint32_t>(delivery.client);
  round.sent_bytes += static_cast<double>(delivery.lesson.payload.size());
  const std::uint64_t refused = world_->refused();
  world_->learn(client, delivery.lesson);
  run_until([&] { return world_->client(client).undecided() == 0; }, "an update is not decided on");
  ++(world_->refused() > refused ? round.refused : round.used);
}

TrainedRound FederatedTraining::round(const Poll& poll) {
  const std::uint64_t number = record_.state.round;
  TrainedRound result;
  result.round = number;
  deliver_late(result);
  std::set<std::size_t> busy;
  double pictures = 0;
  for (std::uint64_t draw = 0; record_.state.round == number; ++draw) {
    look();
    const std::vector<std::size_t> clients = asked(busy, draw);
    busy.insert(clients.begin(), clients.end());
    let_catch_up(clients);
    for (Trained& lesson : train(clients, poll)) {
      if (poll) poll();
      ++result.asked;
      pictures += lesson.pictures;
      result.loss += lesson.loss * lesson.pictures;
      result.received_bytes += lesson.received_bytes;
      result.operations += lesson.operations;
      if (is_late(lesson.delivery)) {
        late_.push_back(std::move(lesson.delivery));
      } else {
        deliver(lesson.delivery, result);
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
  for (const Delivery& delivery : std::exchange(late_, {})) deliver(delivery, result);
}

// Whoever is late lets the time run out; then the round makes do with what is there, or asks others. Where there are no
// others it waits until the late ones come.
void FederatedTraining::wait(bool nobody_left, TrainedRound& result) {
  const std::uint64_t number = record_.state.round;
  let_time_run_out();
  if (!nobody_left || record_.state.round != number) return;
  deliver_late(result);
  if (record_.state.round == number) let_time_run_out();
  const std::string& refusal = world_->last_refusal();
  require(record_.state.round != number,
          fmt::format("round {} cannot end: all clients have answered, and too few updates were taken{}{}", number,
                      refusal.empty() ? "" : "; the last was refused: ", refusal));
}

// As long as a round may last, unless it ends before.
void FederatedTraining::let_time_run_out() {
  if (task_.strategy.buffer > 0) return;  // time ends no round
  const std::uint64_t number = record_.state.round;
  world_->run_until(
      [&] {
        look();
        return record_.state.round != number;
      },
      options_.rules.duration);
}

nn::Parameters FederatedTraining::weights_of(std::size_t client) const {
  let_catch_up({&client, 1});
  const averaging::RoundRecord given = given_to(client);
  const Store& disk = world_->client_store(static_cast<std::uint32_t>(client));
  return averaging::personal_weights(given.state,
                                     client::own_state(disk, client::last_learned(disk, space_, task_), given.width));
}

}  // namespace outrider::simulations
