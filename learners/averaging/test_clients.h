// For tests: a task on small pictures, and clients' pictures of it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "learners/averaging/learning_task.h"
#include "learners/data/test_tasks.h"
#include "learners/encoders/embedder.h"
#include "learners/nn/loss.h"
#include "learners/nn/plan.h"
#include "learners/training/local_work.h"

namespace outrider::averaging {

// Of the pictures of test_task().
inline LearningTask small_task(
    const char* strategy, const training::LocalWork& work = {},
    const char* network = "input 1x6x6; conv 4 k3 p1; batchnorm; relu; maxpool 2; flatten; linear 3") {
  return {.preprocessing = {kTestPicture, false, 0.4F, 0.3F},
          .network = nn::parse_network(network),
          .classes = {"a", "b", "c"},
          .strategy = parse_strategy(strategy),
          .work = work,
          .seed = 3};
}

inline std::vector<float> inputs_of(const LearningTask& task, const Dataset& pictures) {
  std::vector<float> inputs(pictures.pixels.size());
  preprocess(pictures.pixels, pixel_values(task.preprocessing), inputs);
  return inputs;
}

inline std::vector<float> logits_of(const LearningTask& task, const nn::Parameters& weights, const Dataset& pictures) {
  nn::InferencePlan plan(task.network, weights, 1);
  std::vector<float> logits(pictures.size() * plan.output_size());
  plan.forward(inputs_of(task, pictures), logits);
  return logits;
}

// Share of the pictures, of all classes in the task's order, that the weights tell right.
inline double accuracy(const LearningTask& task, const nn::Parameters& weights, const Dataset& pictures) {
  return static_cast<double>(nn::count_correct(logits_of(task, weights, pictures), pictures.labels)) /
         static_cast<double>(pictures.size());
}

// The pictures of all classes but one, those numbered from the last to the first.
inline Dataset without_class(const Dataset& pictures, std::uint32_t missing) {
  Dataset rest = pictures;
  rest.pixels.clear();
  rest.labels.clear();
  rest.classes.erase(rest.classes.begin() + missing);
  std::ranges::reverse(rest.classes);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto found = std::ranges::find(rest.classes, pictures.classes[pictures.labels[i]]);
    if (found == rest.classes.end()) continue;
    rest.labels.push_back(static_cast<std::uint32_t>(found - rest.classes.begin()));
    rest.pixels.insert(rest.pixels.end(), pictures.image(i).begin(), pictures.image(i).end());
  }
  return rest;
}

}  // namespace outrider::averaging
