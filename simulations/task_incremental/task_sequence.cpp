#include "simulations/task_incremental/task_sequence.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/random.h"

namespace outrider::simulations {
namespace {

// How many of the data set's classes the tasks have.
std::size_t classes_in_use(const TaskPlan& plan, const Dataset& part) {
  return plan.kind == TaskKind::split ? plan.count * plan.classes_per_task : part.classes.size();
}

void require_tasks(const TaskPlan& plan, const DatasetPair& data) {
  if (data.test.size() == 0)
    throw InputError("the data set " + data.source + " has no test part, which the study needs");
  if (data.train.classes != data.test.classes)
    throw InputError("the two parts of the data set " + data.source +
                     " have different classes; a study needs the same in both");
  const std::size_t there = data.train.classes.size();
  const std::size_t wanted = std::max<std::size_t>(2, classes_in_use(plan, data.train));
  if (there < wanted)
    throw InputError(
        fmt::format("the study's tasks need {} classes; the data set {} has {}", wanted, data.source, there));
}

// `count` pictures (0: all) of each of the first `classes` at random, as the network reads them.
Dataset draw_pictures(const Dataset& part, std::size_t classes, std::size_t count, const ImageShape& input,
                      std::uint64_t seed, std::string_view purpose) {
  std::vector<std::size_t> chosen;
  const auto by_class = indices_by_class(part);
  for (std::size_t label = 0; label < classes; ++label) {
    std::vector<std::size_t> of_class = by_class[label];
    if (of_class.empty() || of_class.size() < count)
      throw InputError(fmt::format("class '{}' has {} pictures, but the study asks for {}", part.classes[label],
                                   of_class.size(), std::max<std::size_t>(count, 1)));
    of_class = draw(std::move(of_class), count, Random(seed, purpose, label));
    chosen.insert(chosen.end(), of_class.begin(), of_class.end());
  }
  std::ranges::sort(chosen);
  Dataset drawn = resize(select(part, chosen), input);
  drawn.groups.clear();  // nobody asks who made a picture
  drawn.group_names.clear();
  return drawn;
}

}  // namespace

TaskSequence::TaskSequence(const Study& study, const DatasetPair& data, std::uint64_t seed)
    : plan_(study.tasks), seed_(seed) {
  require_tasks(plan_, data);
  const std::size_t classes = classes_in_use(plan_, data.train);
  const ImageShape& input = study.preprocessing.input;
  train_ = draw_pictures(data.train, classes, plan_.train_pictures, input, seed, "pictures to learn");
  test_ = draw_pictures(data.test, classes, plan_.test_pictures, input, seed, "pictures to judge by");
}

std::size_t TaskSequence::outputs() const {
  return plan_.kind == TaskKind::split ? plan_.classes_per_task : train_.classes.size();
}

std::string TaskSequence::name(std::size_t task) const {
  const std::size_t digits = std::max<std::size_t>(2, std::to_string(plan_.count).size());
  return fmt::format("task-{:0{}}", task + 1, digits);
}

Dataset TaskSequence::train(std::size_t task) const {
  return task_of(train_, task);
}

Dataset TaskSequence::test(std::size_t task) const {
  return task_of(test_, task);
}

std::size_t TaskSequence::least_pictures() const {
  if (plan_.kind == TaskKind::permuted) return train_.size();
  std::vector<std::size_t> counts(plan_.count, 0);
  for (const std::uint32_t label : train_.labels) ++counts[label / plan_.classes_per_task];
  return *std::ranges::min_element(counts);
}

Dataset TaskSequence::task_of(const Dataset& pool, std::size_t task) const {
  return plan_.kind == TaskKind::split ? classes_of(pool, task) : permuted(pool, task);
}

Dataset TaskSequence::classes_of(const Dataset& pool, std::size_t task) const {
  const std::size_t first = task * plan_.classes_per_task;
  const std::size_t last = first + plan_.classes_per_task;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (pool.labels[i] >= first && pool.labels[i] < last) chosen.push_back(i);
  Dataset pictures = select(pool, chosen);
  for (std::uint32_t& label : pictures.labels) label -= static_cast<std::uint32_t>(first);
  pictures.classes = {pool.classes.begin() + static_cast<std::ptrdiff_t>(first),
                      pool.classes.begin() + static_cast<std::ptrdiff_t>(last)};
  return pictures;
}

// The same order for every picture of the task and for all channels; the first task keeps the pictures as they are.
Dataset TaskSequence::permuted(Dataset pictures, std::size_t task) const {
  if (task == 0) return pictures;
  const std::size_t plane = pictures.shape.size() / static_cast<std::size_t>(pictures.shape.channels);
  std::vector<std::size_t> order(plane);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(seed_, "order of pixels", task).shuffle(std::span(order));
  std::vector<std::uint8_t> before(plane);
  for (auto begin = pictures.pixels.begin(); begin != pictures.pixels.end();
       begin += static_cast<std::ptrdiff_t>(plane)) {
    std::copy_n(begin, plane, before.begin());
    for (std::size_t pixel = 0; pixel < plane; ++pixel)
      begin[static_cast<std::ptrdiff_t>(pixel)] = before[order[pixel]];
  }
  return pictures;
}

}  // namespace outrider::simulations
