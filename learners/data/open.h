// Opening a data set by its kind, as command lines and scenario files name it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "learners/data/dataset.h"

namespace outrider {

// Both parts have one shape; except for Omniglot, whose characters differ, also one list of classes.
struct DatasetPair {
  Dataset train;
  Dataset test;
  std::string source;  // for people: the kind, where it lies, and what is particular about it
  std::string sha256;  // of the hex fingerprints (fingerprint.h) of train and test, one after the other
};

// Kinds, and what is expected at `path`:
//   fashion-mnist, mnist  the four *-ubyte files, plain or .gz; fashion-mnist without a path: the Debian package
//                         dataset-fashion-mnist in /usr/share/datasets/fashion-mnist
//   omniglot              images_background (train) and images_evaluation (test), as .zip or unpacked
//   cifar10               the binary version, or cifar10-jpeg.zip (or a folder with it) with train/ and test/ folders
//   cifar100              the binary version
//   images                train/CLASS/PICTURE and test/CLASS/PICTURE in a folder or zip; where there are not both,
//   CLASS/PICTURE and
//                         the test part is empty
//   fsdd                  recordings.zip, a folder with it, or a folder of recordings
// Throws InputError for an unknown kind (it lists the known ones), a missing path, a test class unknown in train, parts
// of different shapes, and all that the loaders refuse.
DatasetPair open_dataset(std::string_view kind, const std::filesystem::path& path = {});

// The kinds that open_dataset knows, in the order above.
std::vector<std::string> dataset_kinds();

}  // namespace outrider
