#include "client/families/averaging/averaging_family.h"

#include <CLI/CLI.hpp>

#include "client/families/averaging/model_predictor.h"
#include "client/families/averaging/round_learner.h"
#include "knowledge/checked_option.h"
#include "learners/averaging/merge.h"

namespace outrider::client {
namespace {

class AveragingClient : public ClientFamily {
 public:
  std::string_view kind() const override { return averaging::kAveragingKind; }
  bool recognises(ByteView definition) const override { return averaging::LearningTask::recognises(definition); }

  void add_learner_options(CLI::App& app) override {
    app.add_option("--held-out", held_out_,
                   "Rounds: share of the pictures of each class of ten or more that is not trained with, and by which "
                   "it is told how good a model is; 0: none")
        ->check(decimal_number(0, 0.5))
        ->capture_default_str();
  }
  std::unique_ptr<Learner> make_learner(const Digest& id, ByteView definition, const Store& store,
                                        const LearnerOptions& options) const override {
    return std::make_unique<RoundLearner>(id, averaging::LearningTask::decode(definition), store, options, held_out_);
  }

  std::unique_ptr<AnyPredictor> open_predictor(const Store& store) const override {
    return std::make_unique<SharesPredictor<ModelPredictor>>(store);
  }

 private:
  double held_out_ = kUsualHeldOut;
};

}  // namespace

std::unique_ptr<ClientFamily> averaging_family() {
  return std::make_unique<AveragingClient>();
}

}  // namespace outrider::client
