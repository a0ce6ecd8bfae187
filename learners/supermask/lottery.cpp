#include "learners/supermask/lottery.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/supermask/masked_trainer.h"
#include "learners/supermask/task_network.h"

namespace outrider {
namespace {

constexpr std::string_view kLotteryPhase = "lottery ticket";
constexpr std::uint32_t kFirstPlace = 1;

void expect_of_lottery(bool holds, const std::string& sentence) {
  if (!holds) throw InputError("finding a lottery ticket takes " + sentence);
}

bool is_pruned_share(double share) {
  return share >= 0 && share < 1;
}

LayerFlags whole_network(const BaseNetwork& base) {
  LayerFlags masks;
  for (const nn::TensorSpec& tensor : base.weight_tensors()) masks.emplace_back(tensor.size(), std::uint8_t{1});
  return masks;
}

LayerFlags masks_of(const TaskRecord& record) {
  LayerFlags masks;
  for (const LayerMask& layer : record.layers) masks.push_back(layer.kept);
  return masks;
}

TrainerOptions trainer_options(const LotteryOptions& options) {
  return {options.batch, options.seed, options.threads};
}

TrainingPhase phase_of_round(const LotteryOptions& options, std::size_t round, std::size_t rounds) {
  return {.epochs = options.epochs,
          .rate = options.rate,
          .purpose = kLotteryPhase,
          .epochs_before = round * options.epochs,
          .epochs_of_all = rounds * options.epochs,
          .constant = true};
}

TrainingState initial_state(const BaseNetwork& base) {
  return {base.weight_values(), statistics_of(nn::Parameters::initial(base.network, 0))};
}

// Where the record's training would go on: its values in their places, the base's elsewhere.
TrainingState state_of(const BaseNetwork& base, const TaskRecord& record) {
  TrainingState state{base.weight_values(), record.statistics};
  for (std::size_t layer = 0; layer < record.layers.size() && record.has_values(); ++layer) {
    const LayerMask& mask = record.layers[layer];
    mask.for_each_kept([&](std::size_t i, std::size_t number) { state.weights[layer][i] = mask.values[number]; });
  }
  return state;
}

// The layer's mask without the smallest of its values.
std::vector<std::uint8_t> pruned(const LayerMask& layer, double share) {
  const std::size_t size = layer.values.size();
  const auto removed = static_cast<std::size_t>(std::llround(share * static_cast<double>(size)));
  std::vector<std::uint8_t> stays(size);
  nn::select_top(layer.values, std::max<std::size_t>(size - removed, 1), stays);
  std::vector<std::uint8_t> kept = layer.kept;
  std::size_t value = 0;
  for (std::uint8_t& flag : kept)
    if (flag != 0) flag = stays[value++];
  return kept;
}

LayerFlags pruned(const TaskRecord& trained, const LotteryOptions& options) {
  LayerFlags masks;
  for (const LayerMask& layer : trained.layers) {
    const bool last = &layer == &trained.layers.back();
    masks.push_back(pruned(layer, last ? options.prune_last : options.prune));
  }
  return masks;
}

double remaining_of(const TaskRecord& record) {
  std::size_t kept = 0;
  std::size_t all = 0;
  for (const LayerMask& layer : record.layers) {
    kept += layer.count();
    all += layer.kept.size();
  }
  return static_cast<double>(kept) / static_cast<double>(all);
}

void check_judge(const BaseNetwork& base, const Dataset& task, const Dataset& judge) {
  check_task(base, judge);
  if (judge.classes != task.classes)
    throw InputError("the pictures to judge a ticket by have other classes than the task");
}

void check_rewinding(std::size_t rewind_steps, std::size_t steps) {
  expect_of_lottery(
      rewind_steps <= steps,
      fmt::format("rewinding to step {} at most, the last of a round; it is told {}", steps, rewind_steps));
}

}  // namespace

void LotteryOptions::check() const {
  expect_of_lottery(rounds > 0, "1 round of pruning or more");
  expect_of_lottery(is_pruned_share(prune) && is_pruned_share(prune_last),
                    "shares of weights to prune from 0 to less than 1");
  expect_of_lottery(epochs > 0, "1 epoch in each round or more");
  expect_of_lottery(batch > 0, "batches of 1 picture or more");
  expect_of_lottery(std::isfinite(rate) && rate > 0, "a learning rate above 0");
  expect_of_lottery(threads >= 0, "0 threads (one per processor) or more");
}

Ticket find_ticket(const BaseNetwork& base, const Dataset& task, const Dataset& judge, const LotteryOptions& options,
                   const EpochDone& done) {
  options.check();
  check_judge(base, task, judge);
  TaskNetwork network(base, options.threads);
  TrainingState rewound = initial_state(base);
  LayerFlags masks = whole_network(base);
  Ticket ticket;
  for (std::size_t round = 0; round <= options.rounds; ++round) {
    MaskedTrainer trainer(base, task, rewound, masks, trainer_options(options));
    check_rewinding(options.rewind_steps, trainer.steps_per_epoch() * options.epochs);
    trainer.train(phase_of_round(options, round, options.rounds + 1), done, [&](std::uint64_t steps) {
      if (round == 0 && steps == options.rewind_steps) rewound = trainer.state();
    });
    ticket.record = trainer.record(kFirstPlace, true);
    network.use(ticket.record);
    ticket.rounds.push_back({remaining_of(ticket.record), network.accuracy(judge)});
    if (round < options.rounds) masks = pruned(ticket.record, options);
  }
  for (LayerMask& layer : ticket.record.layers) layer.ranks.clear();  // those of a mask search, which there was not
  return ticket;
}

TaskRecord train_ticket(const BaseNetwork& base, const TaskRecord& ticket, const Dataset& task,
                        const LotteryOptions& options, const EpochDone& done) {
  options.check();
  ticket.check(base, "the ticket");
  if (task.classes != ticket.classes) throw InputError("the pictures of a task have other classes than its ticket");
  MaskedTrainer trainer(base, task, state_of(base, ticket), masks_of(ticket), trainer_options(options));
  trainer.train(phase_of_round(options, 0, 1), done);
  TaskRecord trained = trainer.record(ticket.place, true);
  for (std::size_t i = 0; i < trained.layers.size(); ++i) trained.layers[i].ranks = ticket.layers[i].ranks;
  return trained;
}

}  // namespace outrider
