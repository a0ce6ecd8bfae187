// Does learning where to grow pay? The policy of learners/surgery against choices at random, with as many candidates to
// train, on some pictures of Fashion-MNIST: a small network learns until it no longer gets better; each candidate grows
// from it and learns a little from the inherited weights. In the end the three networks with the highest rewards
// learn longer, and the best of them on the validation pictures is judged on the test pictures.
//   growth_search --episodes 120 --seeds 3 > growth.csv      (one line for each search; --each FILE: for each episode)
#include "learners/surgery/growth_search.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "knowledge/error.h"
#include "learners/data/idx.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/nn/optimizer.h"
#include "learners/nn/plan.h"

namespace outrider::surgery {
namespace {

struct Settings {
  std::string folder = "/usr/share/datasets/fashion-mnist";
  std::string network =
      "input 1x28x28; conv 3 k3 s2 p1 nobias; batchnorm; relu; conv 4 k3 s2 p1 nobias; batchnorm; relu; "
      "conv 4 k3 s2 p1 nobias; batchnorm; relu; flatten; linear 10";
  std::string each;
  std::size_t pictures = 10000;  // to learn from; a quarter as many to validate
  std::size_t steps = 250;       // that a candidate is trained for
  std::uint64_t episodes = 120;
  std::uint64_t seeds = 3;
  bool latency = false;
  GrowthSearchOptions search{};
};

struct Pictures {
  std::vector<float> inputs;
  std::vector<std::uint32_t> labels;

  std::span<const float> input(std::size_t index, std::size_t size) const {
    return std::span(inputs).subspan(index * size, size);
  }
};

Pictures pictures_from(const Dataset& data, std::size_t begin, std::size_t count) {
  const Preprocessing preprocessing{data.shape, false, 0.286F, 0.353F};
  Pictures pictures{std::vector<float>(count * data.shape.size()), {}};
  preprocess(std::span(data.pixels).subspan(begin * data.shape.size(), count * data.shape.size()),
             pixel_values(preprocessing), pictures.inputs);
  pictures.labels.assign(data.labels.begin() + static_cast<std::ptrdiff_t>(begin),
                         data.labels.begin() + static_cast<std::ptrdiff_t>(begin + count));
  return pictures;
}

struct Parts {
  Pictures train;
  Pictures validation;
  Pictures test;
};

Parts load_parts(const Settings& settings) {
  const Dataset train =
      load_idx(settings.folder + "/train-images-idx3-ubyte.gz", settings.folder + "/train-labels-idx1-ubyte.gz");
  const Dataset test =
      load_idx(settings.folder + "/t10k-images-idx3-ubyte.gz", settings.folder + "/t10k-labels-idx1-ubyte.gz");
  require(settings.pictures + settings.pictures / 4 <= train.size(), "there are not so many pictures");
  return {pictures_from(train, 0, settings.pictures), pictures_from(train, settings.pictures, settings.pictures / 4),
          pictures_from(test, 0, test.size())};
}

// Adam with a rate that falls to 0.
nn::Parameters train(const nn::NetworkSpec& network, const nn::Parameters& from, const Pictures& pictures,
                     std::size_t steps, std::uint64_t seed) {
  constexpr std::size_t kBatch = 50;
  constexpr float kRate = 0.01F;
  nn::TrainingPlan plan(network, kBatch, 1);
  plan.load(from);
  nn::Optimizer optimizer(plan, {.method = nn::Method::kAdam});
  std::vector<std::uint32_t> order(pictures.labels.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::uint32_t> labels(kBatch);
  const std::size_t size = network.input.size();
  Random random(seed, "order");
  for (std::size_t step = 0, at = order.size(); step < steps; ++step, at += kBatch) {
    if (at + kBatch > order.size()) {
      random.shuffle(std::span(order));
      at = 0;
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      std::ranges::copy(pictures.input(order[at + i], size), plan.input().subspan(i * size, size).begin());
      labels[i] = pictures.labels[order[at + i]];
    }
    nn::softmax_cross_entropy(plan.forward(), labels, plan.output_gradient());
    plan.backward();
    optimizer.step(kRate * (1 - static_cast<float>(step) / static_cast<float>(steps)));
  }
  return plan.parameters();
}

Evaluation evaluate(const nn::NetworkSpec& network, const nn::Parameters& weights, const Pictures& pictures,
                    bool latency) {
  nn::InferencePlan plan(network, weights, 1);
  std::vector<float> logits(pictures.labels.size() * plan.output_size());
  const auto start = std::chrono::steady_clock::now();
  plan.forward(pictures.inputs, logits);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  const auto count = static_cast<double>(pictures.labels.size());
  return {static_cast<double>(nn::count_correct(logits, pictures.labels)) / count, latency ? time.count() / count : 0};
}

struct Small {
  nn::NetworkSpec network;
  nn::Parameters weights;
};

struct Found {
  Candidate candidate;
  Evaluation validation;
  Evaluation test;
};

// The best of the candidates after longer training.
Found best_of(std::vector<Candidate> candidates, const Small& small, const Parts& parts, const Settings& settings) {
  constexpr std::size_t kFinalists = 3;
  constexpr std::size_t kLonger = 3;
  std::ranges::stable_sort(candidates, std::ranges::greater(), &Candidate::reward);
  std::set<std::string> seen;  // a policy that has settled offers one network again and again
  std::erase_if(candidates, [&](const Candidate& each) { return !seen.insert(each.network.text()).second; });
  candidates.resize(std::min(candidates.size(), kFinalists));
  Found best;
  for (const Candidate& candidate : candidates) {
    const Grown grown = grow(small.network, small.weights, candidate.steps);
    const auto weights =
        train(grown.network, grown.parameters, parts.train, kLonger * settings.steps, settings.search.seed + 1000);
    Found found{candidate, evaluate(grown.network, weights, parts.validation, settings.latency),
                evaluate(grown.network, weights, parts.test, settings.latency)};
    const auto reward = [&](const Evaluation& evaluation) {
      return growth_reward(evaluation, grown.network, small.network, settings.search.prices);
    };
    found.candidate.reward = reward(found.test);
    if (best.candidate.network.layers.empty() ||
        reward(found.validation) >
            growth_reward(best.validation, best.candidate.network, small.network, settings.search.prices))
      best = std::move(found);
  }
  return best;
}

double mean_reward(std::span<const Candidate> candidates) {
  double sum = 0;
  for (const Candidate& candidate : candidates) sum += candidate.reward;
  return sum / static_cast<double>(candidates.size());
}

void run_search(const Settings& settings, const Small& small, const Parts& parts, std::ofstream& each) {
  const auto start = std::chrono::steady_clock::now();
  GrowthSearch search(small.network, small.weights, settings.search, [&](const Grown& grown, std::uint64_t episode) {
    const auto weights =
        train(grown.network, grown.parameters, parts.train, settings.steps, settings.search.seed * 100000 + episode);
    return evaluate(grown.network, weights, parts.validation, settings.latency);
  });
  const char* const method = settings.search.learns ? "policy" : "random";
  std::vector<Candidate> candidates;
  for (std::uint64_t episode = 0; episode < settings.episodes; ++episode) {
    candidates.push_back(search.next());
    const Candidate& last = candidates.back();
    if (each.is_open())
      fmt::print(each, "{},{},{},{:.4f},{:.4f},{},{:.0f},\"{}\"\n", method, settings.search.seed, episode, last.reward,
                 last.evaluation.accuracy, last.network.parameter_count(), last.network.multiply_adds(),
                 last.network.text());
  }
  const std::span<const Candidate> all(candidates);
  const auto best = std::ranges::max_element(candidates, {}, &Candidate::reward);
  const double mean = mean_reward(all);
  const double late = mean_reward(all.last(std::max<std::size_t>(1, all.size() / 4)));
  const double best_reward = best->reward;
  const double best_accuracy = best->evaluation.accuracy;
  const Found found = best_of(candidates, small, parts, settings);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{},{},{},{:.3f},{:.3f},{:.3f},{:.4f},{:.3f},{:.4f},{},{:.0f},{:.1f}\n", method, settings.search.seed,
             settings.episodes, mean, late, best_reward, best_accuracy, found.candidate.reward, found.test.accuracy,
             found.candidate.network.parameter_count(), found.candidate.network.multiply_adds(), seconds.count());
  std::fflush(stdout);
}

void compare(Settings settings) {
  const Parts parts = load_parts(settings);
  std::ofstream each;
  if (!settings.each.empty()) {
    each.open(settings.each);
    require(each.is_open(), "cannot write " + settings.each);
    fmt::print(each, "method,seed,episode,reward,accuracy,parameters,multiply_adds,network\n");
  }
  fmt::print(
      "method,seed,episodes,mean_reward,mean_reward_last_quarter,best_reward,best_accuracy,final_test_reward,"
      "final_test_accuracy,final_parameters,final_multiply_adds,seconds\n");
  Small small{nn::parse_network(settings.network), {}};
  for (std::uint64_t seed = 1; seed <= settings.seeds; ++seed) {
    settings.search.seed = seed;
    constexpr std::size_t kSmallSteps = 1000;
    small.weights = train(small.network, nn::Parameters::initial(small.network, seed), parts.train, kSmallSteps, seed);
    const Evaluation test = evaluate(small.network, small.weights, parts.test, settings.latency);
    fmt::print("small,{},0,,,,,{:.3f},{:.4f},{},{:.0f},\n", seed,
               growth_reward(test, small.network, small.network, settings.search.prices), test.accuracy,
               small.network.parameter_count(), small.network.multiply_adds());
    for (const bool learns : {true, false}) {
      settings.search.learns = learns;
      run_search(settings, small, parts, each);
    }
  }
}

}  // namespace
}  // namespace outrider::surgery

int main(int argc, char** argv) try {
  outrider::surgery::Settings settings;
  settings.search.prices = {.bytes = 0.002, .operations = 0.002};
  CLI::App app{"The growth policy against choices at random, as CSV"};
  app.add_option("--folder", settings.folder, "of Fashion-MNIST");
  app.add_option("--network", settings.network, "that is small at first");
  app.add_option("--each", settings.each, "CSV file with a line for each episode");
  app.add_option("--pictures", settings.pictures, "to learn from");
  app.add_option("--steps", settings.steps, "of 50 pictures that a candidate is trained for");
  app.add_option("--episodes", settings.episodes);
  app.add_option("--seeds", settings.seeds);
  app.add_option("--rate", settings.search.rate, "of the policy");
  app.add_option("--entropy", settings.search.entropy_bonus);
  app.add_option("--batch", settings.search.batch, "episodes between two steps of the policy");
  app.add_option("--price-bytes", settings.search.prices.bytes);
  app.add_option("--price-operations", settings.search.prices.operations);
  app.add_option("--price-milliseconds", settings.search.prices.milliseconds, "of latency, which is measured then");
  CLI11_PARSE(app, argc, argv);
  settings.latency = settings.search.prices.milliseconds > 0;
  outrider::surgery::compare(settings);
} catch (const std::exception& error) {
  fmt::print(stderr, "growth_search: {}\n", error.what());
  return 1;
}
