#include "client/any_predictor.h"

#include <map>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "client/core/core.h"
#include "client/families/averaging/model_predictor.h"
#include "client/families/growing/growing_predictor.h"
#include "client/families/prototypical/predictor.h"
#include "client/families/supermask/task_predictor.h"
#include "knowledge/checked_option.h"
#include "knowledge/error.h"

namespace outrider::client {
namespace {

Ranking ranking_of(const Answer& answer) {
  Ranking ranking;
  for (const auto& [name, distance] : answer.distances) ranking.classes.push_back({name, distance});
  ranking.strangeness = answer.strangeness;
  return ranking;
}

Ranking ranking_of(const LikelyClasses& answer) {
  Ranking ranking;
  for (const auto& [name, share] : answer.shares) ranking.classes.push_back({name, share});
  return ranking;
}

Ranking ranking_of(TaskAnswer answer) {
  Ranking ranking = ranking_of(static_cast<LikelyClasses&>(answer));
  ranking.task = std::move(answer.task);
  return ranking;
}

template <typename Predicting>
class Adapted : public AnyPredictor {
 public:
  template <typename... Arguments>
  explicit Adapted(const Store& store, const Arguments&... arguments) : predictor_(store, arguments...) {}

  Ranking rank(const Image& picture) override { return ranking_of(predictor_.predict(picture)); }
  std::string_view measure() const override {
    return std::is_same_v<Predicting, Predictor> ? "distance" : "probability";
  }

 private:
  Predicting predictor_;
};

std::unique_ptr<AnyPredictor> open_any(const Store& store, const PredictorOptions& options) {
  const auto definition = stored_definition(store);
  if (definition && BaseNetwork::recognises(*definition)) {
    const std::optional<std::string> task = options.task.empty() ? std::nullopt : std::optional(options.task);
    return std::make_unique<Adapted<TaskPredictor>>(store, task, options.infer_task);
  }
  require(options.task.empty(), "it knows classes, not tasks: leave --task out");
  if (definition && averaging::LearningTask::recognises(*definition))
    return std::make_unique<Adapted<ModelPredictor>>(store);
  if (definition && growing::GrowingTask::recognises(*definition))
    return std::make_unique<Adapted<GrowingPredictor>>(store);
  return std::make_unique<Adapted<Predictor>>(store, options.head);
}

}  // namespace

void add_options(CLI::App& app, PredictorOptions& options) {
  static const std::map<std::string, Head> heads{
      {"euclidean", Head::euclidean}, {"cosine", Head::cosine}, {"mahalanobis", Head::mahalanobis}};
  app.add_option("--head", options.head,
                 "How distance to prototypes is measured: euclidean, cosine or mahalanobis; not for tasks")
      ->transform(one_of(heads));
  app.add_option("--task", options.task,
                 "Where a client learns tasks: which one the pictures belong to (default: the only one that is known)");
  app.add_flag("--infer-task", options.infer_task,
               "Guess it for each picture (SupSup); good for tasks whose pictures differ much, as permuted ones");
}

std::unique_ptr<AnyPredictor> open_predictor(const Store& store, const std::string& state,
                                             const PredictorOptions& options) {
  try {
    return open_any(store, options);
  } catch (const InputError& error) {
    throw InputError(fmt::format("nothing can be predicted from the state '{}': {}", state, error.what()));
  }
}

}  // namespace outrider::client
