#include "client/pictures/model_pictures.h"

#include <algorithm>

#include <fmt/format.h>

#include "knowledge/utf8.h"

namespace outrider::client {

const Dataset& ModelPictures::look(const Complain& complain) {
  TaskFiles files = look_at_classes(folder_, complain);
  if (files.fingerprint == fingerprint_) return pictures_;
  std::erase_if(files.classes, [&](const auto& found) {
    const bool unknown = std::ranges::find(classes_, found.first) == classes_.end();
    if (unknown)
      complain(
          fmt::format("the pictures of {} are left out: the model tells {} classes apart, and that is none of them",
                      utf8::quoted(found.first), classes_.size()));
    return unknown;
  });
  pictures_ = load_task(files, shape_, complain);
  fingerprint_ = files.fingerprint;
  return pictures_;
}

}  // namespace outrider::client
