#include "simulations/federated_rounds/merging_study.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/averaging/matched_average.h"
#include "learners/data/split.h"
#include "learners/encoders/embedder.h"
#include "learners/growing/crossing.h"
#include "learners/growing/mixture_training.h"
#include "learners/growing/mixture_wire.h"
#include "learners/growing/training_loop.h"
#include "learners/random.h"
#include "learners/surgery/matching.h"
#include "learners/surgery/narrow.h"
#include "learners/training/local_work.h"
#include "learners/training/loop.h"
#include "learners/training/training_cost.h"

namespace outrider::simulations {
namespace {

// The same pictures with a list of those classes alone that they have.
Dataset with_own_classes(Dataset pictures) {
  const std::vector<std::string> all = std::exchange(pictures.classes, {});
  const std::set<std::uint32_t> present(pictures.labels.begin(), pictures.labels.end());
  for (const std::uint32_t label : present) pictures.classes.push_back(all[label]);
  for (std::uint32_t& label : pictures.labels)
    label = static_cast<std::uint32_t>(std::distance(present.begin(), present.find(label)));
  return pictures;
}

// Who has which pictures.
struct Shares {
  std::vector<Dataset> own;  // of the two clients
  Dataset shared;
};

Shares share_out(const MergingOptions& options, const Dataset& train) {
  const std::size_t half = (train.classes.size() + 1) / 2;
  require(half < train.classes.size(), "merging is compared on one class; expected 2 or more");
  std::vector<std::vector<std::size_t>> own(2);
  std::vector<std::size_t> shared;
  const auto by_class = indices_by_class(train);
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    require(by_class[c].size() > options.shared,
            fmt::format("class '{}' has {} pictures; expected more than the {} that are shared", train.classes[c],
                        by_class[c].size(), options.shared));
    const auto order = draw(by_class[c], 0, Random(options.seed, "shares", c));
    const auto kept = draw(order, options.shared, Random(options.seed, "shared", c));
    std::vector<std::size_t> rest;
    std::ranges::set_difference(order, kept, std::back_inserter(rest));
    std::ranges::copy(kept, std::back_inserter(shared));
    std::ranges::copy(draw(rest, options.own, Random(options.seed, "own", c)),
                      std::back_inserter(own[c < half ? 0 : 1]));
  }
  return {{with_own_classes(select(train, own[0])), with_own_classes(select(train, own[1]))}, select(train, shared)};
}

class MergingStudy {
 public:
  MergingStudy(const MergingOptions& options, const MergingData& data, const std::function<void()>& poll)
      : options_(options), data_(data), shares_(share_out(options, data.train)) {
    if (poll)
      done_ = [poll](std::uint64_t, std::uint64_t) {
        poll();
        return true;
      };
    grown_form_.parts = 2;
    grown_ = growing::layout_of(grown_form_).network;
    test_inputs_.resize(data.test.pixels.size());
    preprocess(data.test.pixels, pixel_values(data.preprocessing), test_inputs_);
    const std::size_t classes = data.train.classes.size();
    require(grown_.output_shape().size() == classes && data.test.classes == data.train.classes,
            fmt::format("merging is compared on {} classes with a network of {} outputs; expected as many", classes,
                        grown_.output_shape().size()));
  }

  std::vector<MergingRow> run() {
    learn_alone();
    average();
    merge_apart();
    for (const auto rule : {growing::CrossingRule::kOrthogonal, growing::CrossingRule::kCopy,
                            growing::CrossingRule::kZero, growing::CrossingRule::kRandom})
      merge_by_growth(rule, growing::kCrossingPieces);
    merge_by_growth(growing::CrossingRule::kOrthogonal, {});
    merge_by_growth(growing::CrossingRule::kZero, {.parts = false, .crossings = false});
    merge_by_new_weights();
    learn_from_scratch();
    return std::move(rows_);
  }

 private:
  static std::size_t weight_bytes(const nn::NetworkSpec& network) {
    std::size_t values = 0;
    for (const nn::TensorSpec& tensor : nn::network_tensors(network)) values += tensor.size();
    return values * sizeof(float);
  }

  double samples_of(const training::LocalWork& work, const Dataset& pictures) const {
    const std::size_t batch = growing::batch_for(work, pictures);
    const std::uint64_t steps = work.steps > 0 ? work.steps : work.epochs * (pictures.size() / batch);
    return static_cast<double>(steps) * static_cast<double>(batch);
  }
  double flops_of(const nn::NetworkSpec& network, const training::LocalWork& work, const Dataset& pictures) const {
    return training::training_cost(network, {work.batch, options_.threads, samples_of(work, pictures)}).flops;
  }
  double merged_flops() const { return flops_of(grown_, options_.merged, shares_.shared); }

  void row(std::string way, const nn::NetworkSpec& network, const nn::Parameters& weights, double flops,
           std::size_t bytes) {
    nn::InferencePlan plan(network, weights, options_.threads);
    std::vector<float> logits(data_.test.size() * plan.output_size());
    plan.forward(test_inputs_, logits);
    const auto correct = static_cast<double>(nn::count_correct(logits, data_.test.labels));
    rows_.push_back({std::move(way), correct / static_cast<double>(data_.test.size()), flops, bytes});
  }

  growing::MixtureTraining training(const training::LocalWork& work, const growing::LearningPieces& pieces) const {
    growing::MixtureTraining how;
    how.work = work;
    how.pieces = pieces;
    how.seed = options_.seed;
    how.threads = options_.threads;
    return how;
  }

  void learn_alone() {
    for (std::size_t client = 0; client < 2; ++client) {
      const growing::MixtureNetwork start = growing::MixtureNetwork::initial(options_.small, options_.seed + client);
      parts_.push_back(growing::train_mixture(start, data_.preprocessing, data_.train.classes, shares_.own[client],
                                              training(options_.alone, {}), done_)
                           .network);
      const double flops = flops_of(options_.small.part, options_.alone, shares_.own[client]);
      flops_alone_ += flops;
      row(fmt::format("client {} alone", client), options_.small.part, parts_.back().weights(), flops,
          growing::encode_mixture(parts_.back()).size());
    }
  }

  nn::Parameters train_plain(const nn::NetworkSpec& network, const nn::Parameters& start,
                             const training::LocalWork& work) {
    const growing::Lessons lessons{shares_.shared, data_.preprocessing, data_.train.classes};
    nn::TrainingPlan plan(network, growing::batch_for(work, shares_.shared), options_.threads);
    plan.load(start);
    plan.set_dropout_key({options_.seed, 0, 0});
    const auto trainables = plan.trainables();
    growing::run_training(plan, {trainables.begin(), trainables.end()}, lessons,
                          {work, growing::MixtureTraining{}.optimizer, options_.seed, 0, options_.threads}, done_);
    return plan.parameters();
  }

  // As many steps on the shared pictures as come to these operations.
  training::LocalWork work_of(const nn::NetworkSpec& network, double flops) const {
    training::LocalWork work = options_.merged;
    const std::size_t batch = growing::batch_for(work, shares_.shared);
    const double step = training::training_cost(network, {batch, options_.threads, static_cast<double>(batch)}).flops;
    work.steps = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::round(flops / step)));
    return work;
  }

  void average() {
    const nn::NetworkSpec& network = options_.small.part;
    const nn::Parameters first = parts_[0].weights();
    const nn::Parameters second = parts_[1].weights();
    const double equal[] = {1, 1};
    const nn::Parameters apart[] = {first, second};
    const std::size_t bytes = weight_bytes(network);
    row("average", network, averaging::weighted_average(apart, equal), flops_alone_, bytes);
    const auto match = surgery::match_by_weights(network, first, second);
    const nn::Parameters matched[] = {first, surgery::select_channels(surgery::channel_groups(network), second, match)};
    const nn::Parameters mean = averaging::weighted_average(matched, equal);
    row("average, matched", network, mean, flops_alone_, bytes);
    row("average, matched and trained", network, train_plain(network, mean, work_of(network, merged_flops())),
        flops_alone_ + merged_flops(), bytes);
  }

  // Without anybody who has pictures of all classes.
  void merge_apart() {
    row("side by side", grown_, growing::grow(parts_, {growing::CrossingRule::kZero}).weights(), flops_alone_, 0);
    const growing::MixtureNetwork start =
        growing::grow(parts_, {growing::CrossingRule::kOrthogonal, options_.factor, options_.seed});
    std::vector<growing::Crossing> crossings;
    double flops = flops_alone_;
    for (std::size_t client = 0; client < 2; ++client) {
      const Dataset& own = shares_.own[client];
      const growing::MixtureNetwork trained =
          growing::train_mixture(start, data_.preprocessing, data_.train.classes, own,
                                 training(options_.apart, growing::kCrossingPieces), done_)
              .network;
      crossings.push_back(growing::Crossing::of(trained, {}, own.size()));
      const double cost = flops_of(grown_, options_.apart, own);
      flops += cost;
      row(fmt::format("grown, by client {} from its classes", client), grown_, trained.weights(), flops_alone_ + cost,
          crossings.back().encode().size());
    }
    const growing::Crossing mean = growing::mean_crossing(crossings);
    row("grown, mean of these", grown_, growing::with_crossing(start, mean).weights(), flops, mean.encode().size());
  }

  void merge_by_growth(growing::CrossingRule rule, const growing::LearningPieces& pieces) {
    const growing::MixtureNetwork start = growing::grow(parts_, {rule, options_.factor, options_.seed});
    const growing::MixtureNetwork trained =
        growing::train_mixture(start, data_.preprocessing, data_.train.classes, shares_.shared,
                               training(options_.merged, pieces), done_)
            .network;
    const std::size_t bytes =
        pieces.parts ? growing::encode_mixture(trained).size() : growing::Crossing::of(trained, {}, 1).encode().size();
    const std::string way =
        !pieces.crossings ? "side by side, head and norms trained"
                          : fmt::format("grown, {}{}", growing::rule_name(rule), pieces.parts ? ", all trained" : "");
    row(way, grown_, trained.weights(), flops_alone_ + merged_flops(), bytes);
  }

  // Where growth mixes templates: He-normal weights of the grown network, all trained.
  void merge_by_new_weights() {
    const std::vector<nn::Parameters> apart{parts_[0].weights(), parts_[1].weights()};
    nn::Parameters start = growing::side_by_side(grown_form_, apart);
    const nn::Parameters fresh = nn::Parameters::initial(grown_, options_.seed);
    for (const growing::MixedTensor& tensor : growing::layout_of(grown_form_).mixed) {
      std::vector<float>& values = start.at(tensor.whole.name).values;
      const std::vector<float>& noise = fresh.at(tensor.whole.name).values;
      const std::size_t row_size = tensor.whole.size() / static_cast<std::size_t>(tensor.whole.dims[0]);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const bool second_out = i / row_size >= static_cast<std::size_t>(tensor.part.dims[0]);
        const bool second_in = i % row_size >= row_size / 2;
        if (second_out != second_in) values[i] = options_.factor * noise[i];
      }
    }
    row("grown, new weights, all trained", grown_, train_plain(grown_, start, options_.merged),
        flops_alone_ + merged_flops(), weight_bytes(grown_));
  }

  void learn_from_scratch() {
    const double flops = flops_alone_ + merged_flops();
    const training::LocalWork work = work_of(grown_, flops);
    row("from scratch", grown_, train_plain(grown_, nn::Parameters::initial(grown_, options_.seed), work), flops,
        weight_bytes(grown_));
  }

  MergingOptions options_;
  const MergingData& data_;
  training::StepDone done_;
  Shares shares_;
  growing::MixtureForm grown_form_{options_.small};
  nn::NetworkSpec grown_;
  std::vector<float> test_inputs_;
  std::vector<growing::MixtureNetwork> parts_;
  double flops_alone_ = 0;
  std::vector<MergingRow> rows_;
};

}  // namespace

std::vector<MergingRow> compare_merging(const MergingOptions& options, const MergingData& data,
                                        const std::function<void()>& poll) {
  options.alone.check("the study of merging");
  options.merged.check("the study of merging");
  return MergingStudy(options, data, poll).run();
}

}  // namespace outrider::simulations
