// CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky 2009): records of one label byte (CIFAR-100: a coarse and
// a fine one; the fine one counts) and 3 x 32 x 32 bytes, which is the Dataset's own layout.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "learners/data/dataset.h"

namespace outrider {

enum class Cifar { cifar10, cifar100 };

// Loads one file of records. `class_names` names the labels; empty means the published names for CIFAR-10 and "0" to
// "99" for CIFAR-100. Throws InputError when the file is missing, empty, not a whole number of records, over
// kMaxBatchFile, or a label has no name.
Dataset load_cifar_file(Cifar kind, const std::filesystem::path& file, std::vector<std::string> class_names = {});

// Loads a part from the folder of the published archive: data_batch_1.bin and so on or test_batch.bin (CIFAR-100:
// train.bin, test.bin), in sorted order. Class names come from batches.meta.txt (fine_label_names.txt) if present.
// Throws InputError as above, and when the folder holds no file of that part or not 10 (100) class names.
Dataset load_cifar(Cifar kind, const std::filesystem::path& folder, Part part);

}  // namespace outrider
