#include "client/families/growing/growing_family.h"

#include <CLI/CLI.hpp>

#include "client/families/growing/growing_learner.h"
#include "client/families/growing/growing_predictor.h"
#include "learners/growing/merge.h"

namespace outrider::client {
namespace {

class GrowingClient : public ClientFamily {
 public:
  std::string_view kind() const override { return growing::kGrowingKind; }
  bool recognises(ByteView definition) const override { return growing::GrowingTask::recognises(definition); }

  void add_learner_options(CLI::App& app) override {
    app.add_flag("--grow", grow_,
                 "Networks that grow: also train the crossings of the grown network, if --memory holds that");
  }
  std::unique_ptr<Learner> make_learner(const Digest& id, ByteView definition, const Store& store,
                                        const LearnerOptions& options) const override {
    return std::make_unique<GrowingLearner>(id, growing::GrowingTask::decode(definition), store, options, grow_);
  }

  std::unique_ptr<AnyPredictor> open_predictor(const Store& store) const override {
    return std::make_unique<SharesPredictor<GrowingPredictor>>(store);
  }

 private:
  bool grow_ = false;
};

}  // namespace

std::unique_ptr<ClientFamily> growing_family() {
  return std::make_unique<GrowingClient>();
}

}  // namespace outrider::client
