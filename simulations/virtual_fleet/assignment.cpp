#include "simulations/virtual_fleet/assignment.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/split.h"
#include "learners/random.h"

namespace outrider::simulations {
namespace {

std::vector<std::uint32_t> random_order_of_classes(const Dataset& pictures, std::uint64_t seed) {
  std::vector<bool> there(pictures.classes.size());
  for (const std::uint32_t label : pictures.labels) there[label] = true;
  std::vector<std::uint32_t> order;
  for (std::uint32_t label = 0; label < there.size(); ++label)
    if (there[label]) order.push_back(label);
  Random(seed, "order of classes").shuffle(std::span(order));
  return order;
}

// Which step each class comes with; by label.
std::vector<std::size_t> first_steps(const std::vector<std::uint32_t>& order, std::size_t at_once,
                                     std::size_t classes) {
  std::vector<std::size_t> steps(classes, 0);
  if (at_once == 0) return steps;
  for (std::size_t i = 0; i < order.size(); ++i) steps[order[i]] = i / at_once;
  return steps;
}

// When each of a client's pictures comes.
class Arrivals {
 public:
  Arrivals(const Dataset& pictures, std::vector<std::size_t> first, std::size_t steps, std::uint64_t seed)
      : pictures_(pictures), first_(std::move(first)), steps_(steps), seed_(seed), classes_(first_.size()) {}

  // The step of each picture of a client; `share` is in the order in which those of a class come.
  std::vector<std::size_t> steps_of(const std::vector<std::size_t>& share, std::size_t client) {
    std::ranges::fill(classes_, OfClass{});
    for (const std::size_t picture : share) ++classes_[pictures_.labels[picture]].count;
    std::vector<std::size_t> steps;
    for (const std::size_t picture : share) steps.push_back(next_step(pictures_.labels[picture], client));
    return steps;
  }

 private:
  struct OfClass {
    std::size_t count = 0;
    std::size_t come = 0;
    float moment = 0;  // of the first, as a part of the time between two
  };

  std::size_t next_step(std::uint32_t label, std::size_t client) {
    OfClass& of = classes_[label];
    if (of.come == 0) of.moment = Random(seed_, "moment of the first picture", client, label).uniform();
    const std::size_t left = steps_ - first_[label];
    const double time = (static_cast<double>(of.come++) + of.moment) / static_cast<double>(of.count);
    return first_[label] + std::min(left - 1, static_cast<std::size_t>(time * static_cast<double>(left)));
  }

  const Dataset& pictures_;
  std::vector<std::size_t> first_;  // by label
  std::size_t steps_;
  std::uint64_t seed_;
  std::vector<OfClass> classes_;
};

}  // namespace

Assignment::Assignment(const Federation& federation, const Dataset& pictures, std::uint64_t seed)
    : steps_(federation.plan.rendezvous),
      classes_at_once_(federation.plan.classes_at_once),
      order_(random_order_of_classes(pictures, seed)),
      offsets_{0} {
  if (classes_until(steps_) < order_.size())
    throw InputError(
        fmt::format("{} classes, {} at once, cannot all come in {} steps", order_.size(), classes_at_once_, steps_));
  const Partition shares = divide(pictures, federation.partition, federation.plan.clients, seed);
  Arrivals arrivals(pictures, first_steps(order_, classes_at_once_, pictures.classes.size()), steps_, seed);
  offsets_.reserve(shares.size() * steps_ + 1);
  for (std::size_t client = 0; client < shares.size(); ++client) {
    const std::vector<std::size_t>& share = shares[client];
    const std::vector<std::size_t> steps = arrivals.steps_of(share, client);
    // Offsets by counting; then every picture at the next free place of its step.
    std::vector<std::uint32_t> next(steps_ + 1, 0);
    for (const std::size_t step : steps) ++next[step + 1];
    next[0] = static_cast<std::uint32_t>(pictures_.size());
    std::partial_sum(next.begin(), next.end(), next.begin());
    offsets_.insert(offsets_.end(), next.begin() + 1, next.end());
    pictures_.resize(pictures_.size() + share.size());
    for (std::size_t i = 0; i < share.size(); ++i) pictures_[next[steps[i]]++] = static_cast<std::uint32_t>(share[i]);
  }
}

std::span<const std::uint32_t> Assignment::pictures(std::size_t client, std::size_t step) const {
  assert(client < clients() && step < steps_);
  const std::size_t at = client * steps_ + step;
  return std::span(pictures_).subspan(offsets_[at], offsets_[at + 1] - offsets_[at]);
}

std::span<const std::uint32_t> Assignment::classes(std::size_t step) const {
  assert(step < steps_);
  return std::span(order_).first(classes_until(step + 1));
}

std::span<const std::uint32_t> Assignment::new_classes(std::size_t step) const {
  return classes(step).subspan(classes_until(step));
}

std::size_t Assignment::classes_until(std::size_t step) const {
  if (step == 0) return 0;
  if (classes_at_once_ == 0) return order_.size();
  return std::min(order_.size(), step * classes_at_once_);
}

}  // namespace outrider::simulations
