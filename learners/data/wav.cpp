#include "learners/data/wav.h"

#include <algorithm>

#include "knowledge/error.h"
#include "learners/data/file_tree.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

constexpr std::uint32_t kPcm = 1;

std::uint32_t little_endian(ByteView bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | bytes[i];
  return number;
}

struct Format {
  std::uint32_t coding, channels, rate, bits;
};

Format read_format(ByteView chunk, const std::string& name) {
  if (chunk.size() < 16) throw InputError(name + " is a damaged WAVE file: its format chunk is too short");
  const Format format{little_endian(chunk.subspan(0, 2)), little_endian(chunk.subspan(2, 2)),
                      little_endian(chunk.subspan(4, 4)), little_endian(chunk.subspan(14, 2))};
  if (format.coding != kPcm || format.channels != 1 || format.bits != 16 || format.rate == 0)
    throw InputError(name + " is a WAVE file with coding " + std::to_string(format.coding) + ", " +
                     std::to_string(format.channels) + " channels and " + std::to_string(format.bits) +
                     " bits; mono 16-bit PCM is expected");
  return format;
}

std::vector<std::int16_t> read_samples(ByteView chunk, std::uint32_t rate, const std::string& name) {
  if (chunk.empty() || chunk.size() % 2 != 0)
    throw InputError(name + " is a damaged WAVE file: its sound has " + std::to_string(chunk.size()) +
                     " bytes, which is no whole number of samples");
  if (chunk.size() / 2 > kMaxRecordingSeconds * rate || chunk.size() > kMaxRecordingFile)
    throw InputError(name + " has " + std::to_string(chunk.size() / 2) + " samples, " + std::to_string(rate) +
                     " a second; recordings of at most " + std::to_string(kMaxRecordingSeconds) + " seconds and " +
                     std::to_string(kMaxRecordingFile) + " bytes are read");
  std::vector<std::int16_t> samples(chunk.size() / 2);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<std::int16_t>(little_endian(chunk.subspan(2 * i, 2)));
  return samples;
}

}  // namespace

Recording decode_wav(ByteView bytes, const std::string& name) {
  if (bytes.size() < 12 || text_of(bytes.subspan(0, 4)) != "RIFF" || text_of(bytes.subspan(8, 4)) != "WAVE")
    throw InputError(name + " is no WAVE file");
  Recording recording;
  bytes = bytes.subspan(12);
  while (bytes.size() >= 8) {
    const std::string_view id = text_of(bytes.subspan(0, 4));
    const std::uint32_t size = little_endian(bytes.subspan(4, 4));
    bytes = bytes.subspan(8);
    if (size > bytes.size())
      throw InputError(name + " is truncated: a chunk of " + std::to_string(size) + " bytes has only " +
                       std::to_string(bytes.size()));
    const ByteView chunk = bytes.subspan(0, size);
    if (id == "fmt ") recording.rate = read_format(chunk, name).rate;
    if (id == "data") {
      if (recording.rate == 0) throw InputError(name + " is a damaged WAVE file: its sound comes before its format");
      recording.samples = read_samples(chunk, recording.rate, name);
      return recording;
    }
    bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), size + size % 2));
  }
  throw InputError(name + " is a damaged WAVE file: it has no sound");
}

Recording load_wav(const std::filesystem::path& path) {
  return decode_wav(read_file(path, kMaxRecordingFile), path.string());
}

}  // namespace outrider
