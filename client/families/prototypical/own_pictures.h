// A look at the pictures that a client has learned from: which look mislabelled, which classes are weak.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/store.h"

namespace outrider::client {

struct OwnPictures {
  // More pictures than these are not compared with each other.
  static constexpr std::size_t kMost = 20'000;

  struct Class {
    std::string name;
    std::size_t pictures = 0;
    std::optional<double> recall;  // leaving each picture out in turn; of those that do not look mislabelled
  };
  struct Suspicion {
    std::filesystem::path picture;
    std::string label;
    std::string resembles;
    double doubt = 0;  // see LabelReview
  };
  std::vector<Class> classes;         // sorted by name
  std::vector<Suspicion> suspicions;  // the most certain first
  std::size_t less_certain = 0;       // pictures that would follow: see LabelReview
  std::size_t unusable = 0;           // pictures that could not be read
  std::size_t unusable_folders = 0;   // of classes
};

// Embeds every picture below `folder`, one folder for each class, with the state's encoder. What is wrong with a
// picture or a class's folder goes to `complain`. Throws InputError when the state has no encoder, and when the folder
// cannot be read, has fewer than two classes with pictures, or more than kMost pictures.
OwnPictures review_own_pictures(const Store& store, const std::filesystem::path& folder,
                                const std::function<void(const std::string& sentence)>& complain);

}  // namespace outrider::client
