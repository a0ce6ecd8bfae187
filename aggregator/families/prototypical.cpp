#include "aggregator/families/prototypical.h"

#include <CLI/CLI.hpp>

#include "knowledge/checked_option.h"
#include "learners/encoders/encoder.h"
#include "learners/prototypical/merge.h"
#include "learners/prototypical/pretrained.h"

namespace outrider::aggregator {
namespace {

class PrototypicalServer : public ServerFamily {
 public:
  void add_options(CLI::App& app) override {
    app.add_option("--most-pictures", rules_.most_pictures,
                   "Of a class, that one client may say it has; more is refused")
        ->check(whole_number(1, kContributedLimits.count))
        ->capture_default_str();
    app.add_option("--most-classes", rules_.most_classes, "That one client may teach; more are refused")
        ->check(whole_number(1, 1'000'000))
        ->capture_default_str();
    app.add_flag(
        "--open-base", rules_.open_base,
        "Clients weigh in base classes as in others (default: each counts for a fifth of the base pictures, at "
        "most)");
    app.add_flag(
        "--trust-alone", rules_.trust_alone,
        "Clients trust classes that one client alone teaches, however many (default: with more than 8, and more "
        "than others, they count as farther away until somebody confirms them)");
  }
  std::unique_ptr<Family> make(const Self& self) const override {
    AdmissionRules rules = rules_;
    rules.base_teacher = self.id;
    rules.pseudonyms = self.secret;
    return std::make_unique<PrototypicalFamily>(embedding_space, rules);
  }

 private:
  // The base teacher is the aggregator, whoever is said.
  AdmissionRules rules_ = AdmissionRules::usual();
};

}  // namespace

EmbeddingSpace embedding_space(ByteView definition) {
  const Encoder encoder = Encoder::decode(definition);
  EmbeddingSpace space(encoder.dimension());
  space.largest_norm = static_cast<double>(encoder.largest_norm);
  space.never_negative = encoder.never_negative();
  return space;
}

Published read_pretrained(const std::filesystem::path& file) {
  Pretrained pretrained = load_pretrained(file);
  Published published{std::move(pretrained.encoder), {}};
  for (const auto& [subject, state] : pretrained.classes)
    published.base.push_back({std::string(kPrototypeKind), subject, encode(state)});
  return published;
}

std::unique_ptr<ServerFamily> prototypical_family() {
  return std::make_unique<PrototypicalServer>();
}

}  // namespace outrider::aggregator
