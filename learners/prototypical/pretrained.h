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

// Replaces the file whole or not at all, durably, with a digest of all of it. Throws InputError when it cannot be
// written; missing folders are not made. require_writable() of knowledge/whole_file.h asks before the work.
void save_pretrained(const Pretrained& pretrained, const std::filesystem::path& file);
// Throws InputError, which names the file, when it is missing, something else, or damaged in a single bit. Files of
// before there was a digest are read as well, damaged ones only as far as that shows.
Pretrained load_pretrained(const std::filesystem::path& file);

}  // namespace outrider
