// The watched data folder: one folder per class with pictures in it.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/pictures/folder_entries.h"

namespace outrider::client {

// What is new under one class.
struct NewExamples {
  std::string class_name;
  std::vector<std::filesystem::path> files;  // sorted
};

// Remembers which files it has reported; reports a file again when it is another by its version, or when it was away.
// So one that is no picture is not looked into again before it changes. What cannot be looked at is left out and
// complained about, and does not count as having left. Not thread-safe.
class ExampleFolder {
 public:
  explicit ExampleFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Looks once; classes sorted by name. Hidden files are left out, and so are folders whose class has no fit name.
  // Throws InputError when the folder cannot be read.
  std::vector<NewExamples> look();
  // Of the last look: why folders were left out, one sentence each.
  const std::vector<std::string>& complaints() const { return complaints_; }

  // Of the last look: the classes that files of an earlier one have left, sorted.
  const std::set<std::string>& thinned() const { return thinned_; }
  // Of the last look: what lies under each class that has a folder, sorted; empty folders too.
  const std::map<std::string, std::vector<std::filesystem::path>>& present() const { return present_; }
  // Also where that cannot be told.
  bool has(const std::filesystem::path& file) const;
  // What lies under the class cannot be told now: its folder, or a part of it, cannot be looked at.
  bool is_unclear(const std::string& class_name) const { return unclear_.contains(class_name); }
  // No class had a file.
  bool is_empty() const;

  // These files are to be reported again at the next look.
  void forget(const std::vector<std::filesystem::path>& files);
  void forget_all() { known_.clear(); }

 private:
  std::vector<std::filesystem::path> new_files(const std::filesystem::path& class_folder, const std::string& name);
  void forget_what_left();

  std::filesystem::path folder_;
  std::map<std::filesystem::path, FileVersion> known_;
  std::map<std::string, std::vector<std::filesystem::path>> present_;
  std::set<std::string> thinned_;
  std::set<std::string> unclear_;  // classes
  std::vector<std::string> complaints_;
};

}  // namespace outrider::client
