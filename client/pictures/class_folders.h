// Labelled pictures that somebody names: CLASS/PICTURE.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace outrider::client {

struct ClassPictureFiles {
  std::string name;
  std::vector<std::filesystem::path> pictures;  // sorted
};

using Complain = std::function<void(const std::string& sentence)>;

// Hands complaints on and counts them. Both must outlive it.
inline Complain counting(const Complain& complain, std::size_t& count) {
  return [&](const std::string& sentence) {
    ++count;
    complain(sentence);
  };
}

// Of each class with pictures, sorted by name. A class's folder that cannot be used is left out, and `complain` hears
// why. Throws InputError when the folder cannot be read or holds no folders.
std::vector<ClassPictureFiles> class_picture_files(const std::filesystem::path& folder, const Complain& complain);

}  // namespace outrider::client
