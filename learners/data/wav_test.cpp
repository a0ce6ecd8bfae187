#include "learners/data/wav.h"

#include "learners/data/test_files.h"
#include "learners/data/test_sounds.h"

namespace outrider {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Bytes kWav = wav_of({0, 1, -1, 32767, -32768});

std::string refused(const Bytes& bytes) {
  return refusal([&] { decode_wav(bytes, "sound"); });
}

TEST(Wav, ReadsSamplesAndRate) {
  const Recording recording = decode_wav(kWav, "sound");
  EXPECT_EQ(recording.rate, 8000u);
  EXPECT_THAT(recording.samples, ElementsAre(0, 1, -1, 32767, -32768));
}

TEST(Wav, PassesOverOtherChunks) {
  Bytes bytes = prefix(kWav, 36);
  const Bytes odd{'L', 'I', 'S', 'T', 3, 0, 0, 0, 1, 2, 3, 0};  // padded to an even length
  bytes.insert(bytes.end(), odd.begin(), odd.end());
  bytes.insert(bytes.end(), kWav.begin() + 36, kWav.end());
  EXPECT_EQ(decode_wav(bytes, "sound").samples.size(), 5u);
}

TEST(Wav, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < kWav.size(); ++size)
    EXPECT_THAT(refused(prefix(kWav, size)), HasSubstr("sound is")) << size;
}

TEST(Wav, OtherFormatsAreRefused) {
  EXPECT_EQ(refused({'O', 'g', 'g', 'S', 0, 0, 0, 0, 0, 0, 0, 0}), "sound is no WAVE file");
  for (const std::size_t field : {20u, 22u, 34u}) {  // coding, channels, bits
    Bytes bytes = kWav;
    bytes[field] = 8;
    EXPECT_THAT(refused(bytes), AllOf(HasSubstr("8"), HasSubstr("mono 16-bit PCM is expected"))) << field;
  }
}

TEST(Wav, HalfASampleAndNoSoundAreRefused) {
  Bytes half = kWav;
  half[40] = 9;
  EXPECT_THAT(refused(half), HasSubstr("9 bytes"));
  EXPECT_THAT(refused(wav_of({})), HasSubstr("0 bytes"));
  EXPECT_THAT(refused(prefix(kWav, 36)), HasSubstr("has no sound"));
}

TEST(Wav, AMinuteIsReadAndASampleMoreIsNot) {
  std::vector<std::int16_t> samples(std::size_t{60} * 8000, 7);
  EXPECT_EQ(decode_wav(wav_of(samples), "sound").samples.size(), samples.size());
  samples.push_back(7);
  EXPECT_THAT(refused(wav_of(samples)), AllOf(HasSubstr("480001 samples"), HasSubstr("at most 60 seconds")));
  EXPECT_EQ(decode_wav(wav_of(samples, 48'000), "sound").samples.size(), samples.size());
}

TEST(Wav, ARateThatNobodyHasAllowsNoMoreBytes) {
  const std::vector<std::int16_t> samples((std::size_t{8} << 20) / 2 + 1, 7);
  EXPECT_THAT(refused(wav_of(samples, 2'000'000'000)), HasSubstr("8388608 bytes are read"));
}

TEST(Wav, LoadsFilesAndNamesMissingOnes) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_wav(folder.write("a.wav", kWav)).samples.size(), 5u);
  EXPECT_THAT(refusal([&] { load_wav(folder / "none.wav"); }), HasSubstr("none.wav does not exist"));
}

}  // namespace
}  // namespace outrider
