// Omniglot (Lake, Salakhutdinov & Tenenbaum 2015): 1,623 characters of 50 alphabets, each drawn by 20 people.
#pragma once

#include <filesystem>

#include "learners/data/dataset.h"

namespace outrider {

// Loads a published archive (images_background.zip, images_evaluation.zip) or its unpacked folder: pictures at
// ALPHABET/characterNN/NNNN_DD.png, with or without folders above ALPHABET. A class is "ALPHABET/characterNN"; the
// group is "drawer DD" (one person within an alphabet). Classes and pictures are in sorted order; values as in the
// files: ink is 0, paper 255. Throws InputError when a file does not fit this layout, is damaged, or differs in size
// from the others.
Dataset load_omniglot(const std::filesystem::path& path);

}  // namespace outrider
