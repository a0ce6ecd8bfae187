#include "tests/fashion.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "knowledge/digest.h"
#include "learners/data/idx.h"
#include "learners/data/image.h"
#include "learners/data/image_folder.h"
#include "tests/process.h"

namespace outrider::testing {
namespace {

// By class: the pictures without those that equal an earlier one.
std::vector<std::vector<std::size_t>> distinct_pictures() {
  const Dataset& data = fashion();
  std::vector<std::vector<std::size_t>> found(data.classes.size());
  std::set<Digest> seen;
  for (std::size_t i = 0; i < data.size(); ++i)
    if (seen.insert(Digest::of(data.image(i))).second) found[data.labels[i]].push_back(i);
  return found;
}

}  // namespace

const Dataset& fashion() {
  static const Dataset data =
      load_idx("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz",
               "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz",
               {"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"});
  return data;
}

std::vector<std::size_t> pictures_of(const std::string& class_name, std::size_t skip, std::size_t count) {
  static const std::vector<std::vector<std::size_t>> distinct = distinct_pictures();
  const auto& classes = fashion().classes;
  const auto label = std::ranges::find(classes, class_name) - classes.begin();
  const std::vector<std::size_t>& all = distinct.at(static_cast<std::size_t>(label));
  if (skip + count > all.size()) throw std::runtime_error("there are not so many pictures of " + class_name);
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(skip);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

void show(const std::filesystem::path& folder, const std::string& class_name,
          const std::vector<std::size_t>& pictures) {
  const std::filesystem::path class_folder = folder / folder_of_class(class_name);
  std::filesystem::create_directories(class_folder);
  for (const std::size_t picture : pictures)
    save_png(class_folder / (std::to_string(picture) + ".png"), fashion().shape, fashion().image(picture));
}

void pretrain_small_encoder(const std::filesystem::path& file) {
  const TemporaryDirectory pictures;
  for (const char* name : {"t-shirt", "trouser", "bag"})
    show(pictures.path(), name, pictures_of(name, 800, kBasePictures));
  const Outcome outcome = run({"pretrain",   "--kind",  "images",      "--path",    pictures.path().string(),
                               "--mean",     "0.286",   "--deviation", "0.353",     "--way",
                               "3",          "--shots", "5",           "--queries", "5",
                               "--episodes", "20",      "--threads",   "1",         "--output",
                               file.string()});
  if (outcome.exit_code != 0) throw std::runtime_error("pre-training failed: " + outcome.errors);
}

}  // namespace outrider::testing
