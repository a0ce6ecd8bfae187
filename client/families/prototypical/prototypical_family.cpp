#include "client/families/prototypical/prototypical_family.h"

#include <map>

#include <CLI/CLI.hpp>

#include "client/families/prototypical/predictor.h"
#include "client/families/prototypical/prototype_learner.h"
#include "knowledge/checked_option.h"
#include "knowledge/error.h"

namespace outrider::client {
namespace {

class NearestClasses : public AnyPredictor {
 public:
  NearestClasses(const Store& store, Head head) : predictor_(store, head) {}

  Ranking rank(const Image& picture) override {
    const Answer answer = predictor_.predict(picture);
    Ranking ranking;
    for (const auto& [name, distance] : answer.distances) ranking.classes.push_back({name, distance});
    ranking.strangeness = answer.strangeness;
    return ranking;
  }
  std::string_view measure() const override { return "distance"; }

 private:
  Predictor predictor_;
};

class PrototypicalClient : public ClientFamily {
 public:
  std::string_view kind() const override { return kPrototypeKind; }
  bool recognises(ByteView definition) const override {
    return !objection_of([&] { Encoder::decode(definition); });
  }

  void add_learner_options(CLI::App& app) override {
    app.add_flag("--keep-deleted", keep_deleted_,
                 "Classes: what was learned from pictures that leave the folder stays (default: it is taken back)");
    app.add_flag("--deviations", deviations_,
                 "Also contribute each class's spread, for `predict --head mahalanobis`; doubles the size");
  }
  std::unique_ptr<Learner> make_learner(const Digest& id, ByteView /*definition*/, const Store& store,
                                        const LearnerOptions& options) const override {
    auto learner = std::make_unique<PrototypeLearner>(options.data, store, options.threads,
                                                      LessonForm{options.precision, deviations_}, keep_deleted_);
    learner->use(id);
    return learner;
  }

  void add_predictor_options(CLI::App& app) override {
    static const std::map<std::string, Head> heads{
        {"euclidean", Head::euclidean}, {"cosine", Head::cosine}, {"mahalanobis", Head::mahalanobis}};
    app.add_option("--head", head_,
                   "How distance to prototypes is measured: euclidean, cosine or mahalanobis; not for tasks")
        ->transform(one_of(heads));
  }
  std::unique_ptr<AnyPredictor> open_predictor(const Store& store) const override {
    return std::make_unique<NearestClasses>(store, head_);
  }

 private:
  bool keep_deleted_ = false;
  bool deviations_ = false;
  Head head_ = Head::euclidean;
};

}  // namespace

std::unique_ptr<ClientFamily> prototypical_family() {
  return std::make_unique<PrototypicalClient>();
}

}  // namespace outrider::client
