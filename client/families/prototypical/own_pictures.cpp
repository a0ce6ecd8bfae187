#include "client/families/prototypical/own_pictures.h"

#include "client/core/core.h"
#include "client/families/prototypical/predictor.h"
#include "client/pictures/class_folders.h"
#include "knowledge/error.h"
#include "learners/data/resize.h"
#include "learners/encoders/definitions.h"
#include "learners/prototypical/label_review.h"

namespace outrider::client {

OwnPictures review_own_pictures(const Store& store, const std::filesystem::path& folder,
                                const std::function<void(const std::string&)>& complain) {
  Embedder embedder(load_encoder(store), 0);
  OwnPictures result;
  std::vector<float> embeddings;
  std::vector<std::uint32_t> labels;
  std::vector<std::filesystem::path> files;
  const auto embed = [&](const std::filesystem::path& picture, std::uint32_t label) {
    const Image image = resize(load_image(picture), embedder.input());
    std::vector<float> embedding(embedder.dimension());
    embedder.embed(image.pixels, embedding);
    embeddings.insert(embeddings.end(), embedding.begin(), embedding.end());
    labels.push_back(label);
    files.push_back(picture);
  };
  for (const ClassPictureFiles& found : class_picture_files(folder, counting(complain, result.unusable_folders))) {
    const auto label = static_cast<std::uint32_t>(result.classes.size());
    const std::size_t before = files.size();
    for (const std::filesystem::path& picture : found.pictures) {
      require(files.size() < OwnPictures::kMost, "more than " + std::to_string(OwnPictures::kMost) +
                                                     " pictures are not compared with each other: take a part of them");
      if (const auto complaint = objection_of([&] { embed(picture, label); })) {
        complain(*complaint);
        ++result.unusable;
      }
    }
    if (files.size() > before) result.classes.push_back({found.name, files.size() - before, std::nullopt});
  }
  require(result.classes.size() >= 2,
          "there is nothing to compare: pictures of two classes at least are needed, as CLASS/PICTURE");
  const LabelReview review = review_labels(embeddings, labels, embedder.dimension(), result.classes.size());
  for (std::size_t k = 0; k < result.classes.size(); ++k) result.classes[k].recall = review.recall[k];
  result.less_certain = review.less_certain;
  for (const LabelReview::Suspicion& one : review.suspicions)
    result.suspicions.push_back(
        {files[one.picture], result.classes[labels[one.picture]].name, result.classes[one.resembles].name, one.doubt});
  return result;
}

}  // namespace outrider::client
