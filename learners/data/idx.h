// IDX, the format of MNIST and its relatives (LeCun, Cortes & Burges 1998).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "learners/data/dataset.h"

namespace outrider {

// Loads gray pictures (magic 0x00000803) with their labels (magic 0x00000801), each file plain or gzip-compressed.
// `class_names` names the labels; empty means "0" to "9". Throws InputError when a file is missing, no IDX file of its
// kind, truncated, longer than it says, damaged or over the limits of limits.h, when the counts disagree, or a label
// has no name.
Dataset load_idx(const std::filesystem::path& images, const std::filesystem::path& labels,
                 std::vector<std::string> class_names = {});

}  // namespace outrider
