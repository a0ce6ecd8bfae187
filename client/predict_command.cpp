#include "client/predict_command.h"

#include <iostream>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/core.h"
#include "client/growing_predictor.h"
#include "client/model_predictor.h"
#include "client/predictor.h"
#include "client/task_predictor.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/utf8.h"

namespace outrider::client {
namespace {

const std::map<std::string, Head> kHeads{
    {"euclidean", Head::euclidean}, {"cosine", Head::cosine}, {"mahalanobis", Head::mahalanobis}};

constexpr std::size_t kLongestPath = 4096;  // bytes, of what is printed of a picture's path

// Names the state in what is wrong with it.
template <typename Made, typename... Arguments>
Made from_state(const std::string& state, const Store& store, const Arguments&... arguments) {
  try {
    return Made(store, arguments...);
  } catch (const InputError& error) {
    throw InputError(fmt::format("nothing can be predicted from the state '{}': {}", state, error.what()));
  }
}

void print(const std::string& image, const Answer& answer, bool json) {
  if (json) {
    nlohmann::json line{{"image", image}, {"class", answer.class_name}, {"distance", answer.distance}};
    if (!answer.runner_up.empty()) {
      line["runner_up"] = answer.runner_up;
      line["runner_up_distance"] = answer.runner_up_distance;
    }
    std::cout << json_text(line) << '\n';
  } else {
    fmt::print("{}: {}  distance {:.4g}", utf8::printable(image, kLongestPath), utf8::printable(answer.class_name),
               answer.distance);
    if (answer.runner_up.empty()) {
      fmt::print("  (no other class is known)\n");
    } else {
      fmt::print("  runner-up {} {:.4g}\n", utf8::printable(answer.runner_up), answer.runner_up_distance);
    }
  }
}

void print(const std::string& image, const LikelyClasses& answer, bool json, const std::string& task = {}) {
  if (json) {
    nlohmann::json line{{"image", image},
                        {"class", answer.class_name},
                        {"probability", answer.probability},
                        {"runner_up", answer.runner_up},
                        {"runner_up_probability", answer.runner_up_probability}};
    if (!task.empty()) line["task"] = task;
    std::cout << json_text(line) << '\n';
  } else {
    fmt::print("{}: {}  probability {:.3f}  runner-up {} {:.3f}{}{}\n", utf8::printable(image, kLongestPath),
               utf8::printable(answer.class_name), answer.probability, utf8::printable(answer.runner_up),
               answer.runner_up_probability, task.empty() ? "" : "  task ", utf8::printable(task));
  }
}

void print(const std::string& image, const TaskAnswer& answer, bool json) {
  print(image, answer, json, answer.task);
}

template <typename Predicting>
void predict_all(Predicting& predictor, const PredictOptions& options) {
  for (const std::string& image : options.images) print(image, predictor.predict(load_image(image)), options.json);
}

bool learns_tasks(const std::optional<Bytes>& definition) {
  return definition && BaseNetwork::recognises(*definition);
}

bool learns_to_grow(const std::optional<Bytes>& definition) {
  return definition && growing::GrowingTask::recognises(*definition);
}

bool learns_in_rounds(const std::optional<Bytes>& definition) {
  return definition && averaging::LearningTask::recognises(*definition);
}

}  // namespace

void add_options(CLI::App& app, PredictOptions& options) {
  app.add_option("images", options.images, "Pictures (PNG, JPEG) of any size")->required();
  app.add_option("--state", options.state, "A client's state directory; the client may be running")->required();
  app.add_option("--head", options.head,
                 "How distance to prototypes is measured: euclidean, cosine or mahalanobis; not for tasks")
      ->transform(CLI::CheckedTransformer(kHeads, CLI::ignore_case).description(""));
  app.add_option("--task", options.task,
                 "Where a client learns tasks: which one the pictures belong to (default: the only one that is known)");
  app.add_flag("--infer-task", options.infer_task,
               "Guess it for each picture (SupSup); good for tasks whose pictures differ much, as permuted ones");
  app.add_flag("--json", options.json, "For programs: one object a line");
}

int run_predict(const PredictOptions& options) {
  const auto store = open_store_read_only(options.state);
  const auto definition = stored_definition(*store);
  if (learns_tasks(definition)) {
    const std::optional<std::string> task = options.task.empty() ? std::nullopt : std::optional(options.task);
    auto predictor = from_state<TaskPredictor>(options.state, *store, task, options.infer_task);
    predict_all(predictor, options);
    return 0;
  }
  if (!options.task.empty())
    throw InputError("the state '" + options.state + "' knows classes, not tasks: leave --task out");
  if (learns_in_rounds(definition)) {
    auto predictor = from_state<ModelPredictor>(options.state, *store);
    predict_all(predictor, options);
    return 0;
  }
  if (learns_to_grow(definition)) {
    auto predictor = from_state<GrowingPredictor>(options.state, *store);
    predict_all(predictor, options);
    return 0;
  }
  auto predictor = from_state<Predictor>(options.state, *store, options.head);
  predict_all(predictor, options);
  return 0;
}

}  // namespace outrider::client
