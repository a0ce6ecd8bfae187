#include "simulations/pretraining/kept_encoder.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "learners/prototypical/pretrained.h"
#include "simulations/experiment/stopwatch.h"

namespace outrider::simulations {
namespace {

constexpr const char* kEncoderKey = "pre-training";  // of the journal

std::optional<TrainedEncoder> kept_encoder(const RunJournal& journal, const std::filesystem::path& directory) {
  const auto kept = journal.get(kEncoderKey);
  if (!kept) return std::nullopt;
  try {
    Encoder encoder = Encoder::decode(load_pretrained(pretrained_file(directory)).encoder);
    if (encoder.id().hex() != kept->at("encoder")) return std::nullopt;
    return TrainedEncoder{std::move(encoder), kept->at("seconds").get<double>()};
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace

std::filesystem::path pretrained_file(const std::filesystem::path& directory) {
  return directory / "pretrained.outrider";
}

TrainedEncoder encoder_of_run(RunJournal& journal, const std::filesystem::path& directory, ProgressDisplay& display,
                              const std::function<Encoder()>& train) {
  if (auto kept = kept_encoder(journal, directory)) {
    display.say("the encoder is there already");
    return *std::move(kept);
  }
  const Stopwatch stopwatch;
  TrainedEncoder trained{train()};
  trained.seconds = stopwatch.seconds();
  save_pretrained({trained.encoder.encode(), {}}, pretrained_file(directory));
  journal.put(kEncoderKey, {{"encoder", trained.encoder.id().hex()}, {"seconds", trained.seconds}});
  return trained;
}

}  // namespace outrider::simulations
