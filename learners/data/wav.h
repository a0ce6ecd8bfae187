// Sound from RIFF WAVE files: mono, 16-bit PCM.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "knowledge/bytes.h"

namespace outrider {

struct Recording {
  std::uint32_t rate = 0;             // samples per second
  std::vector<std::int16_t> samples;  // at least one
};

// Reads the "fmt " and "data" chunks and passes over others; `name` stands for the bytes in errors. Throws InputError
// when they are no RIFF WAVE, truncated, not mono 16-bit PCM, without samples, or longer than kMaxRecordingSeconds.
Recording decode_wav(ByteView bytes, const std::string& name);

// As decode_wav; throws InputError also when the file is missing, unreadable or over kMaxRecordingFile.
Recording load_wav(const std::filesystem::path& path);

}  // namespace outrider
