// What the tests show to clients: pictures of Fashion-MNIST and a small encoder for them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "learners/data/dataset.h"

namespace outrider::testing {

// The 10,000 test pictures of Debian's package.
const Dataset& fashion();

// Indices into fashion(): `count` pictures of a class after skipping the first `skip`. No two of the data set's
// pictures that are equal are among them.
std::vector<std::size_t> pictures_of(const std::string& class_name, std::size_t skip, std::size_t count);

// Puts pictures into a watched folder, one by one. Pictures of a class that is there already are added.
void show(const std::filesystem::path& folder, const std::string& class_name, const std::vector<std::size_t>& pictures);

// Trains an encoder on a few pictures of t-shirts, trousers and bags with the program and leaves it in `file`; a file
// as `outrider pretrain` writes it.
inline constexpr std::size_t kBaseClasses = 3;
inline constexpr std::size_t kBasePictures = 20;
void pretrain_small_encoder(const std::filesystem::path& file);

}  // namespace outrider::testing
