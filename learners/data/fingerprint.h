// SHA-256 of data, for reports.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "learners/data/dataset.h"

namespace outrider {

// 64 lower-case hex digits of the file's bytes, as sha256sum prints them. Throws InputError when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

// The same of a byte string.
std::string sha256_of_text(std::string_view text);

// Over everything in the data set: shape, names, labels, groups and pixels, each with its length before it, numbers as
// little-endian 64 bits (labels and groups 32). Equal data sets have equal fingerprints however they were packed.
std::string sha256_of(const Dataset& data);

}  // namespace outrider
