// Bytes as a file, for readers that take a path.
#pragma once

#include <filesystem>
#include <fstream>

#include "knowledge/bytes.h"
#include "knowledge/temporary_directory.h"

namespace outrider::fuzz {

class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name) : path_(directory_.path() / name) {}

  const std::filesystem::path& write(ByteView bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text_of(bytes);
    return path_;
  }

 private:
  TemporaryDirectory directory_;
  std::filesystem::path path_;
};

}  // namespace outrider::fuzz
