#include "learners/data/fsdd.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "knowledge/error.h"
#include "learners/data/dataset_builder.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"
#include "learners/data/log_mel.h"
#include "learners/data/wav.h"

namespace outrider {
namespace {

constexpr unsigned kTestRecordings = 5;

struct Take {
  std::uint32_t digit;
  std::string speaker;
  Part part;
};

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Take parse(std::string_view name, const std::string& where) {
  const std::string_view file = path_parts(name).back();
  const auto first = file.find('_'), last = file.rfind('_');
  if (file.ends_with(".wav") && first != std::string_view::npos && last > first + 1) {
    const auto digit = number(file.substr(0, first));
    const auto take = number(file.substr(last + 1, file.size() - last - 5));
    if (digit && *digit <= 9 && take)
      return {*digit, std::string(file.substr(first + 1, last - first - 1)),
              *take < kTestRecordings ? Part::test : Part::train};
  }
  throw InputError(where + " is no recording of a digit: DIGIT_SPEAKER_N.wav is expected");
}

Image picture(ByteView bytes, const std::string& where) {
  const Recording recording = decode_wav(bytes, where);
  if (recording.rate != kMelRate)
    throw InputError(where + " has " + std::to_string(recording.rate) + " samples per second; " +
                     std::to_string(kMelRate) + " are expected");
  return log_mel(recording.samples);
}

}  // namespace

Dataset load_fsdd(const std::filesystem::path& path, Part part) {
  const std::unique_ptr<FileTree> tree = FileTree::open(path);
  std::vector<std::size_t> files;
  std::vector<Take> takes;
  std::set<std::string> names;
  for (std::size_t i = 0; i < tree->names().size(); ++i) {
    Take take = parse(tree->names()[i], tree->where(i));
    names.insert(take.speaker);  // of both parts, so that they count groups alike
    if (take.part != part) continue;
    files.push_back(i);
    takes.push_back(std::move(take));
  }
  if (files.empty())
    throw InputError(path.string() + " has no recordings of its " + (part == Part::train ? "training" : "test") +
                     " part");
  const std::vector<std::string> speakers(names.begin(), names.end());
  DatasetBuilder builder(path.string(), files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string where = tree->where(files[i]);
    const auto speaker = std::lower_bound(speakers.begin(), speakers.end(), takes[i].speaker) - speakers.begin();
    builder.add(picture(tree->read(files[i], kMaxRecordingFile), where), takes[i].digit,
                static_cast<std::uint32_t>(speaker), where);
  }
  return builder.finish({"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, speakers);
}

}  // namespace outrider
