#include <algorithm>

#include <CLI/CLI.hpp>

#include "client/core/replica.h"
#include "client/pictures/class_folders.h"
#include "knowledge/error.h"
#include "storage/store.h"
#include "tests/toy_family/counter.h"

namespace outrider::toy {
namespace {

using namespace outrider::client;

class CountingLearner : public Learner {
 public:
  CountingLearner(const Digest& space, const Store& store, std::filesystem::path data, std::uint64_t each)
      : space_(space), store_(store), data_(std::move(data)), each_(each) {}

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override {
    if (std::filesystem::is_empty(data_)) return;
    for (const ClassPictureFiles& files : class_picture_files(data_, complain)) {
      if (stop.stop_requested()) return;
      const Topic topic{std::string(kCounterKind), space_, files.name};
      const Bytes count = key_of(each_ * files.pictures.size());
      if (lesson_memory(store_, topic) == count) continue;
      teach({topic, count, count}, "counted " + files.name);
    }
  }

 private:
  Digest space_;
  const Store& store_;
  std::filesystem::path data_;
  std::uint64_t each_;
};

// Whatever the picture shows, it takes it for what there is most of.
class Commonest : public AnyPredictor {
 public:
  Commonest(const Digest& space, const Store& store) {
    for_each_known(store, std::string(kCounterKind), space, [&](const Topic& topic, ByteView count) {
      ranking_.classes.push_back({topic.subject, static_cast<double>(number_in_key(count))});
    });
    require(!ranking_.classes.empty(), "it has counted nothing yet");
    std::ranges::stable_sort(ranking_.classes, std::greater{}, &RankedClass::score);
  }
  Ranking rank(const Image&) override { return ranking_; }
  std::string_view measure() const override { return "count"; }

 private:
  Ranking ranking_;
};

class CounterClient : public ClientFamily {
 public:
  std::string_view kind() const override { return kCounterKind; }
  void add_learner_options(CLI::App& app) override { app.add_option("--count-each", each_, "For so many"); }
  std::unique_ptr<Learner> make_learner(const Digest& id, ByteView, const Store& store,
                                        const LearnerOptions& options) const override {
    return std::make_unique<CountingLearner>(id, store, options.data, each_);
  }
  std::unique_ptr<AnyPredictor> open_predictor(const Store& store) const override {
    return std::make_unique<Commonest>(stored_definition_id(store), store);
  }

 private:
  std::uint64_t each_ = 1;
};

}  // namespace

std::unique_ptr<client::ClientFamily> counter_at_clients() {
  return std::make_unique<CounterClient>();
}

}  // namespace outrider::toy
