// Learns prototypes from the pictures in a folder.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "client/learner.h"
#include "client/pictures/example_folder.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"

namespace outrider::client {

// Class-incremental learning by online averaging (Snell et al. 2017, Hendryx et al. 2021): each new picture
// of a class is embedded once and added to the class's exact sum. A picture that leaves the folder is taken back: the
// class is as if it had never been there; a class that has no more pictures is withdrawn. What it learned is in the
// lessons' memory, so a new learner on the same store goes on where another stopped. Not thread-safe; reads the store
// while the loop commits.
// What of a class goes to the aggregator.
struct LessonForm {
  Precision precision = Precision::float32;
  bool deviations = false;  // for the Mahalanobis head; doubles the size
};

class PrototypeLearner : public Learner {
 public:
  // `store` must outlive the learner. `threads`: 0 means one per processor.
  // `keep_deleted`: pictures that leave the folder are not taken back.
  PrototypeLearner(std::filesystem::path folder, const Store& store, int threads, LessonForm form = {},
                   bool keep_deleted = false);

  // Learns with this encoder from now on; all pictures are new to it unless it knows them from before. Throws
  // InputError when the store's encoder cannot be used; it learns nothing then.
  void use(const Digest& encoder);
  bool has_encoder() const { return embedder_.has_value(); }

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override;

 private:
  void learn_class(const NewExamples& examples, const Teach& teach, const Complain& complain,
                   const std::stop_token& stop);
  // Takes back what has left the folder since the last look, and at the first look since the last start.
  void take_back_what_left(const Teach& teach, const Complain& complain, const std::stop_token& stop);
  void review(const std::string& class_name, const Teach& teach, const Complain& complain, const std::stop_token& stop);
  std::set<std::string> classes_to_review() const;
  // The digests of the pictures under a class; nothing where a file could not be read.
  std::optional<std::set<Digest>> pictures_of(const std::string& class_name) const;
  Bytes payload_of(ClassState state) const;
  Topic topic_of(const std::string& class_name) const { return {std::string(kPrototypeKind), encoder_, class_name}; }
  // Adds a picture to the memory; returns whether it is new.
  bool add(const std::filesystem::path& file, ClassMemory& memory);

  const Store& store_;
  int threads_;
  LessonForm form_;
  bool keep_deleted_;
  ExampleFolder folder_;
  Digest encoder_;
  std::optional<Embedder> embedder_;
  std::map<std::filesystem::path, Digest> pictures_;  // what lies in the folder, as far as it could be read
  std::set<std::string> to_review_;                   // classes that pictures have left
  bool reviewed_all_ = false;                         // since this encoder is used
};

}  // namespace outrider::client
