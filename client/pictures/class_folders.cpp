#include "client/pictures/class_folders.h"

#include <algorithm>

#include "client/pictures/folder_entries.h"
#include "client/pictures/picture_files.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::client {

std::vector<ClassPictureFiles> class_picture_files(const std::filesystem::path& folder, const Complain& complain) {
  std::vector<ClassPictureFiles> classes;
  const FolderContent content = content_of_folder(folder);
  for (const std::string& sentence : content.complaints) complain(sentence);
  for (const std::filesystem::path& entry : content.folders) {
    const auto complaint = objection_of([&] { classes.push_back({subject_named_by(entry), picture_files(entry)}); });
    if (complaint) complain(*complaint);
  }
  require(!content.folders.empty(),
          "the folder " + utf8::quoted(folder.string()) + " holds no folders of classes: CLASS/PICTURE is expected");
  std::ranges::sort(classes, {}, &ClassPictureFiles::name);
  return classes;
}

}  // namespace outrider::client
