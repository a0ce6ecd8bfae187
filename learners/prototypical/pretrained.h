// What pre-training leaves behind: an encoder and the states of the classes it was trained on. One file.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "knowledge/bytes.h"
#include "learners/prototypical/class_state.h"

namespace outrider {

struct Pretrained {
  Bytes encoder;                                            // Encoder::encode
  std::vector<std::pair<std::string, ClassState>> classes;  // what every client knows from the start; may be empty
};

// Replaces the file whole or not at all. Throws InputError when it cannot be written.
void save_pretrained(const Pretrained& pretrained, const std::filesystem::path& file);
// Throws InputError, which names the file, when it is missing, damaged or something else.
Pretrained load_pretrained(const std::filesystem::path& file);

}  // namespace outrider
