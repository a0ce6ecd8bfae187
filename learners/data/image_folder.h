// One folder per class with PNG or JPEG pictures, on disk or in a zip archive.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "learners/data/dataset.h"

namespace outrider {

// Loads CLASS/PICTURE below `path`, or below the folder `inside` of it ("train"). Classes are sorted by name, pictures
// by class and file name. Folder names are decoded with class_named_by. Hidden files are left out; throws InputError
// that names the file for everything else: not a picture, damaged, outside a class folder or below one, not of the
// first picture's size and colours; and for a class without pictures and for two folders with one class name.
Dataset load_image_folder(const std::filesystem::path& path, std::string_view inside = {});

// Writes pictures losslessly to `folder`/CLASS/NNNNN.png, where NNNNN is the picture's index in `data`, so that
// disjoint selections never collide; creates the folders. Loading them gives the same classes and pixels. Throws
// InputError when something cannot be written, or a class name is empty.
void write_image_folder(const Dataset& data, std::span<const std::size_t> indices, const std::filesystem::path& folder);

// A class name as a folder name and back: '/', '%', a leading '.', and control characters become %XX.
// class_of_folder(folder_of_class(name)) == name; a '%' without two upper-case hex digits stands for itself.
std::string folder_of_class(std::string_view name);
std::string class_of_folder(std::string_view folder);

// The class that pictures in this folder show. Throws InputError, which names the folder, when that is no name
// (knowledge/name.h).
std::string class_named_by(const std::filesystem::path& folder);

}  // namespace outrider
