#include "client/families/supermask/supermask_family.h"

#include <map>

#include <CLI/CLI.hpp>

#include "client/families/supermask/task_learner.h"
#include "client/families/supermask/task_predictor.h"
#include "knowledge/checked_option.h"
#include "learners/supermask/merge.h"

namespace outrider::client {
namespace {

class ClassesOfTasks : public AnyPredictor {
 public:
  ClassesOfTasks(const Store& store, const std::optional<std::string>& task, bool infer)
      : predictor_(store, task, infer) {}

  Ranking rank(const Image& picture) override {
    TaskAnswer answer = predictor_.predict(picture);
    Ranking ranking = ranking_of(answer);
    ranking.task = std::move(answer.task);
    return ranking;
  }
  std::string_view measure() const override { return "probability"; }

 private:
  TaskPredictor predictor_;
};

class SupermaskClient : public ClientFamily {
 public:
  std::string_view kind() const override { return kSupermaskKind; }
  bool recognises(ByteView definition) const override { return BaseNetwork::recognises(definition); }

  void add_learner_options(CLI::App& app) override {
    app.add_option("--mask-epochs", tasks_.training.mask_epochs, "Tasks: epochs of the search for the mask")
        ->check(whole_number(1, 100'000))
        ->capture_default_str();
    app.add_option("--weight-epochs", tasks_.training.weight_epochs,
                   "Tasks: epochs of training the weights that no earlier task uses; 0: masks alone are sent")
        ->check(whole_number(0, 100'000))
        ->capture_default_str();
    app.add_option("--least-steps", tasks_.training.least_steps,
                   "Tasks: steps of either, at least, however few the pictures are")
        ->check(whole_number(0, 10'000'000))
        ->capture_default_str();
    static const std::map<std::string, MaskFinder> finders{{"edge-popup", MaskFinder::edge_popup},
                                                           {"lottery", MaskFinder::lottery}};
    app.add_option("--finder", tasks_.finder,
                   "Tasks: edge-popup searches the mask by scores; lottery finds it by pruning, or takes the mask of "
                   "the ticket that is known of the task")
        ->transform(one_of(finders));
  }
  std::unique_ptr<Learner> make_learner(const Digest& id, ByteView definition, const Store& store,
                                        const LearnerOptions& options) const override {
    return std::make_unique<TaskLearner>(id, BaseNetwork::decode(definition), store, options, tasks_);
  }

  void add_predictor_options(CLI::App& app) override {
    app.add_option(
        "--task", task_,
        "Where a client learns tasks: which one the pictures belong to (default: the only one that is known)");
    app.add_flag("--infer-task", infer_task_,
                 "Guess it for each picture (SupSup); good for tasks whose pictures differ much, as permuted ones");
  }
  std::optional<std::string> misplaced() const override {
    if (task_.empty()) return std::nullopt;
    return "it knows classes, not tasks: leave --task out";
  }
  std::unique_ptr<AnyPredictor> open_predictor(const Store& store) const override {
    return std::make_unique<ClassesOfTasks>(store, task_.empty() ? std::nullopt : std::optional(task_), infer_task_);
  }

 private:
  TaskOptions tasks_;
  std::string task_;
  bool infer_task_ = false;
};

}  // namespace

std::unique_ptr<ClientFamily> supermask_family() {
  return std::make_unique<SupermaskClient>();
}

}  // namespace outrider::client
