#include "simulations/pretraining/kept_training.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "knowledge/whole_file.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kShownOfSetting = 80;  // bytes

using Clock = std::chrono::steady_clock;

std::string value_of(const TrainingSettings& settings, const std::string& name) {
  const auto found = std::ranges::find(settings, name, &TrainingSettings::value_type::first);
  return found == settings.end() ? "none" : utf8::printable(found->second, kShownOfSetting);
}

// "--way (5 there, 4 here)".
std::vector<std::string> differences(const TrainingSettings& there, const TrainingSettings& here) {
  std::vector<std::string> found;
  const auto look = [&](const TrainingSettings& settings) {
    for (const auto& setting : settings) {
      if (std::ranges::find(there, setting) != there.end() && std::ranges::find(here, setting) != here.end()) continue;
      const std::string& name = setting.first;
      std::string text = fmt::format("{} ({} there, {} here)", utf8::printable(name, kShownOfSetting),
                                     value_of(there, name), value_of(here, name));
      if (std::ranges::find(found, text) == found.end()) found.push_back(std::move(text));
    }
  };
  look(here);
  look(there);
  return found;
}

PartialFile open_partial(const std::filesystem::path& file) {
  try {
    return PartialFile(file);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}; remove it, or begin anew with --restart", error.what()));
  }
}

}  // namespace

KeptTraining::KeptTraining(KeptTrainingPlan plan, ProgressDisplay& display, const Interruption& interruption)
    : plan_(std::move(plan)), display_(display), interruption_(interruption), due_(Clock::now() + plan_.every) {
  if (is_stream(plan_.output)) return;
  file_ = plan_.output;
  file_ += ".partial";
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(file_, error)) && !plan_.restart) {
    found_ = open_partial(file_);
    const auto differing = differences(found_->settings(), plan_.settings);
    require(differing.empty(),
            fmt::format("{} holds a training that differs in {}: give the same again to go on with it, or begin anew "
                        "with --restart, which overwrites it",
                        shown(file_), fmt::join(differing, ", ")));
  }
  require(!is_stream(file_), shown(file_) + " is no regular file; remove it");  // it could wait for a reader for ever
  require_writable(file_);
}

std::optional<TrainingState> KeptTraining::state_of(const nn::NetworkSpec& network) {
  if (!found_) return std::nullopt;
  TrainingState state = found_->state_of(network);
  require(state.episodes <= plan_.episodes,
          fmt::format("{} holds {} episodes of {}: remove it, or begin anew with --restart", shown(file_),
                      state.episodes, plan_.episodes));
  held_ = state.episodes;
  return state;
}

void KeptTraining::look(const EncoderTraining& training) {
  if (interruption_.requested()) {
    if (kept()) write(training.state());
    stop();
  }
  if (!kept() || Clock::now() < due_) return;
  try_to_write(training);
  due_ = Clock::now() + plan_.every;
}

void KeptTraining::finish(const EncoderTraining& training) {
  if (kept()) try_to_write(training);
}

void KeptTraining::check() const {
  if (interruption_.requested()) stop();
}

void KeptTraining::remove() const {
  std::error_code error;
  if (kept()) std::filesystem::remove(file_, error);
  require(!error, fmt::format("{} cannot be removed: {}", shown(file_), error.message()));
}

void KeptTraining::write(const TrainingState& state) {
  save_partial({plan_.settings, state}, file_);
  held_ = state.episodes;
}

// Training is worth more than the chance to go on with it.
void KeptTraining::try_to_write(const EncoderTraining& training) {
  const TrainingState state = training.state();
  if (const auto objection = objection_of([&] { write(state); }))
    display_.say("outrider: " + *objection + "; training goes on");
}

void KeptTraining::stop() const {
  if (!held_) throw Interrupted(interruption_.signal(), "interrupted; nothing is kept of the training");
  throw Interrupted(interruption_.signal(), fmt::format("interrupted with {} of {} episodes, which {} holds; this "
                                                        "goes on: {}",
                                                        *held_, plan_.episodes, shown(file_), plan_.command));
}

}  // namespace outrider::simulations
