// The pictures that somebody names on the command line.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace outrider::client {

// More than these are not looked for below one folder.
inline constexpr std::size_t kMostPictureFiles = 1'000'000;

// The file itself, or of a folder all PNG and JPEG files below it by their names' ends, sorted; hidden ones are left
// out. Throws InputError when the folder cannot be read, has no pictures, or more than kMostPictureFiles.
std::vector<std::filesystem::path> picture_files(const std::filesystem::path& named);

}  // namespace outrider::client
