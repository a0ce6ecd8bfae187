#include "learners/prototypical/partial_training.h"

#include <bit>
#include <cstring>

#include "knowledge/error.h"
#include "knowledge/sealed_file.h"
#include "knowledge/utf8.h"
#include "knowledge/whole_file.h"
#include "knowledge/wire.h"
#include "learners/prototypical/partial_training.capnp.h"

static_assert(std::endian::native == std::endian::little, "numbers are kept as they lie in memory");

namespace outrider {
namespace {

constexpr wire::Limits kPartialLimits{.bytes = kMostPartialBytes, .nesting = 8};
constexpr std::size_t kMostSettingBytes = std::size_t{16} << 20;  // many classes with long names

capnp::Data::Reader numbers_data(const std::vector<float>& numbers) {
  return {reinterpret_cast<const std::uint8_t*>(numbers.data()), numbers.size() * sizeof(float)};
}

std::vector<float> numbers_in(capnp::Data::Reader data, const std::string& what) {
  require(data.size() % sizeof(float) == 0, what + " holds a number that is cut off");
  std::vector<float> numbers(data.size() / sizeof(float));
  if (!numbers.empty()) std::memcpy(numbers.data(), data.begin(), data.size());
  return numbers;
}

}  // namespace

void save_partial(const PartialTraining& partial, const std::filesystem::path& file) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::PartialTraining>();
  auto settings = builder.initSettings(static_cast<unsigned>(partial.settings.size()));
  for (unsigned i = 0; i < settings.size(); ++i) {
    settings[i].setName(wire::text(partial.settings[i].first));
    settings[i].setValue(wire::text(partial.settings[i].second));
  }
  const TrainingState& state = partial.state;
  builder.setEpisodes(state.episodes);
  builder.setParameters(wire::data(state.parameters.encode()));
  builder.setOptimizerSteps(state.optimizer.steps);
  auto moments = builder.initMoments(static_cast<unsigned>(state.optimizer.moments.size()));
  for (unsigned i = 0; i < moments.size(); ++i) {
    moments[i].setFirst(numbers_data(state.optimizer.moments[i].first));
    moments[i].setSecond(numbers_data(state.optimizer.moments[i].second));
  }
  write_privately(file, seal(wire::flatten(message)));
}

PartialFile::PartialFile(const std::filesystem::path& file)
    : what_("the kept training " + shown(file)), bytes_(read_file(file, kMostPartialBytes + kSealBytes)) {
  const Unsealed unsealed = unseal(bytes_, what_);
  require(unsealed.was_sealed, what_ + " is no file of a training, or damaged");
  wire::read<wire::PartialTraining>(
      unsealed.content, what_,
      [&](wire::PartialTraining::Reader reader) {
        require(reader.getSettings().size() <= kMostTrainingSettings,
                what_ + " has " + std::to_string(reader.getSettings().size()) + " settings; at most " +
                    std::to_string(kMostTrainingSettings) + " are read");
        for (const auto setting : reader.getSettings()) {
          settings_.emplace_back(wire::text(setting.getName()), wire::text(setting.getValue()));
          for (const std::string* text : {&settings_.back().first, &settings_.back().second})
            utf8::check(what_ + ": a setting", *text, kMostSettingBytes);
        }
      },
      kPartialLimits);
}

TrainingState PartialFile::state_of(const nn::NetworkSpec& network) const {
  return wire::read<wire::PartialTraining>(
      unseal(bytes_, what_).content, what_,
      [&](wire::PartialTraining::Reader reader) {
        TrainingState state;
        state.episodes = reader.getEpisodes();
        try {
          state.parameters = nn::Parameters::decode(wire::view(reader.getParameters()), network);
        } catch (const InputError& error) {
          throw InputError(what_ + " does not fit its network: " + error.what());
        }
        state.optimizer.steps = reader.getOptimizerSteps();
        for (const auto moments : reader.getMoments())
          state.optimizer.moments.push_back(
              {numbers_in(moments.getFirst(), what_), numbers_in(moments.getSecond(), what_)});
        return state;
      },
      kPartialLimits);
}

}  // namespace outrider
