#include "simulations/federated_rounds/rounds_method_run.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/grown_state.h"
#include "learners/encoders/architectures.h"
#include "learners/encoders/network_accuracy.h"
#include "learners/surgery/narrow.h"
#include "learners/surgery/plateau.h"
#include "learners/surgery/widening_to.h"
#include "simulations/experiment/stopwatch.h"

namespace outrider::simulations {
namespace {

// With FedBN everybody has a model of its own: so many are judged.
constexpr std::size_t kMostPersonalModels = 10;

nn::NetworkSpec whole_network(const RoundsSetting& setting, std::size_t classes) {
  return architecture(setting.architecture, setting.preprocessing.input,
                      {.classes = static_cast<std::int64_t>(classes)});
}

averaging::LearningTask central_task(const RoundsSetting& setting, const RoundsPictures& pictures, std::uint64_t seed) {
  averaging::LearningTask task = learning_task(setting, {}, pictures.train.classes, seed);
  // As many pictures in a round as the clients of a cohort go through together, on average.
  const double share = static_cast<double>(std::min(setting.cohort, pictures.clients())) /
                       static_cast<double>(std::max<std::size_t>(pictures.clients(), 1));
  std::size_t all = 0;
  for (const auto& own : pictures.owners) all += own.size();
  const double seen = static_cast<double>(setting.epochs) * share * static_cast<double>(all);
  task.work.steps = std::max<std::uint64_t>(1, std::llround(seen / static_cast<double>(setting.batch)));
  return task;
}

averaging::RoundRules rules_of(std::size_t cohort, bool some_are_late) {
  const auto asked = static_cast<std::uint32_t>(cohort);
  return {.cohort = asked, .minimum = some_are_late ? std::max(1U, asked / 2) : asked};
}

// When a network grows, and to what.
class Growth {
 public:
  Growth(const GrowthPlan& plan, const RoundsMethod& method, nn::NetworkSpec whole, std::uint64_t seed)
      : plan_(plan),
        whole_(std::move(whole)),
        width_(method.size),
        seed_(seed),
        fresh_(method.new_channels),
        plateau_(rule_of(plan)) {}

  double width() const { return width_; }

  // After a round: the steps to take now, mostly none.
  std::vector<surgery::GrowthStep> after_round(double loss, const nn::NetworkSpec& network) {
    if (width_ == 1 || !plateau_.observe(-std::log(loss))) return {};
    width_ = std::min(1.0, width_ * plan_.factor);
    return surgery::widening_to(network, surgery::narrow_network(whole_, width_), seed_, fresh_);
  }

 private:
  // A share of the least loss is a difference of logarithms.
  static surgery::PlateauRule rule_of(const GrowthPlan& plan) {
    return {.min_delta = plan.gain < 1 ? -std::log1p(-plan.gain) : kLargestDelta,
            .patience = static_cast<std::uint32_t>(plan.patience),
            .cooldown = 0,
            .max_growths = UINT32_MAX};
  }
  static constexpr double kLargestDelta = 1e300;

  GrowthPlan plan_;
  nn::NetworkSpec whole_;
  double width_;
  std::uint64_t seed_;
  bool fresh_;
  surgery::PlateauController plateau_;
};

class MethodRun {
 public:
  MethodRun(const RoundsScenario& scenario, const RoundsMethod* method, const RoundsPictures& pictures,
            std::uint64_t seed, averaging::LearningTask task, std::size_t cohort, std::optional<Growth> growth)
      : scenario_(scenario),
        pictures_(pictures),
        clients_(method != nullptr ? pictures.dealt(method->widths) : pictures.together()),
        training_(std::move(task), clients_,
                  {.rules = rules_of(cohort, method != nullptr && scenario.plan.late > 0),
                   .encoding = method != nullptr ? method->encoding : averaging::Encoding::kFloat32,
                   .late = method != nullptr ? scenario.plan.late : 0,
                   .seed = seed,
                   .workers = scenario.threads}),
        growth_(std::move(growth)) {
    run_.seed = seed;
  }

  RoundsRun execute(const RoundsWatch& watch) {
    const Stopwatch stopwatch;
    for (std::size_t round = 1; round <= scenario_.plan.rounds; ++round) {
      const TrainedRound trained = training_.round(watch.poll);
      count(trained);
      if (round % scenario_.plan.measure_every == 0 || round == scenario_.plan.rounds) measure(trained);
      if (growth_ && round < scenario_.plan.rounds) grow(trained);
      if (watch.round_done) watch.round_done(trained);
    }
    for (const double width : widths())
      run_.parts.push_back({width, accuracy(surgery::narrow_network(network(), width),
                                            surgery::narrow_parameters(network(), training_.state().weights, width))});
    run_.weights = network().parameter_count();
    run_.seconds = stopwatch.seconds();
    run_.received_bytes /= std::max(1.0, asked_);
    run_.sent_bytes /= std::max(1.0, asked_);
    return std::move(run_);
  }

 private:
  const nn::NetworkSpec& network() const { return training_.task().network; }

  double accuracy(const nn::NetworkSpec& part, const nn::Parameters& weights) const {
    return network_accuracy(part, weights, training_.task().preprocessing, pictures_.test, scenario_.threads);
  }

  void count(const TrainedRound& trained) {
    asked_ += static_cast<double>(trained.asked);
    operations_ += trained.operations;
    run_.received_bytes += trained.received_bytes;
    run_.sent_bytes += trained.sent_bytes;
    run_.used += trained.used;
    run_.refused += trained.refused;
  }

  void measure(const TrainedRound& trained) {
    run_.points.push_back({trained.round + 1, model_accuracy(), trained.loss, operations_});
  }

  void grow(const TrainedRound& trained) {
    const auto steps = growth_->after_round(trained.loss, network());
    if (steps.empty()) return;
    averaging::GrownTask grown = averaging::grown_task(training_.task(), training_.state(), steps);
    training_.go_on_with(std::move(grown.task), std::move(grown.state));
    run_.growths.push_back({trained.round + 1, growth_->width()});
  }

  double model_accuracy() const {
    if (!training_.task().strategy.local_norms) return accuracy(network(), training_.state().weights);
    double sum = 0;
    std::size_t judged = 0;
    for (std::size_t client = 0; client < clients_.size() && judged < kMostPersonalModels; ++client) {
      if (clients_[client].pictures.size() == 0) continue;
      sum += accuracy(surgery::narrow_network(network(), training_.width_of(client)), training_.weights_of(client));
      ++judged;
    }
    return sum / static_cast<double>(judged);
  }

  // Of the parts that clients hold, if not all have the whole; widest first.
  std::vector<double> widths() const {
    std::set<double, std::greater<>> found;
    for (const TrainingClient& client : clients_) found.insert(client.width);
    if (found.size() == 1 && *found.begin() == 1) return {};
    return {found.begin(), found.end()};
  }

  const RoundsScenario& scenario_;
  const RoundsPictures& pictures_;
  std::vector<TrainingClient> clients_;
  FederatedTraining training_;
  std::optional<Growth> growth_;
  RoundsRun run_;
  double asked_ = 0;  // clients, in all rounds
  double operations_ = 0;
};

}  // namespace

averaging::LearningTask learning_task(const RoundsSetting& setting, const RoundsMethod& method,
                                      const std::vector<std::string>& classes, std::uint64_t seed) {
  averaging::LearningTask task;
  task.preprocessing = setting.preprocessing;
  task.network = surgery::narrow_network(whole_network(setting, classes.size()), method.size);
  task.classes = classes;
  task.strategy = method.strategy;
  task.work = {.batch = setting.batch,
               .epochs = setting.epochs,
               .rate = setting.rate,
               .nested = method.nested,
               .masked = method.masked};
  task.seed = seed;
  task.check();
  return task;
}

RoundsRun run_method(const RoundsScenario& scenario, const RoundsSetting& setting, const RoundsMethod* method,
                     const RoundsPictures& pictures, std::uint64_t seed, const RoundsWatch& watch) {
  const bool central = method == nullptr;
  averaging::LearningTask task =
      central ? central_task(setting, pictures, seed) : learning_task(setting, *method, pictures.train.classes, seed);
  const std::size_t cohort = central ? 1 : std::min(setting.cohort, pictures.clients());
  std::optional<Growth> growth;
  if (!central && method->grow)
    growth.emplace(scenario.growth, *method, whole_network(setting, pictures.train.classes.size()), seed);
  return MethodRun(scenario, method, pictures, seed, std::move(task), cohort, std::move(growth)).execute(watch);
}

}  // namespace outrider::simulations
