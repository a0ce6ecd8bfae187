// Learns prototypes from the pictures in a folder.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "client/core.h"
#include "client/example_folder.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/class_memory.h"

namespace outrider::client {

// What of a class goes to the aggregator.
struct LessonForm {
  Precision precision = Precision::float32;
  bool deviations = false;  // for the Mahalanobis head; doubles the size
};

// Class-incremental learning by online averaging (Snell et al. 2017, Hendryx et al. 2021): each new picture
// of a class is embedded once and added to the class's exact sum. What it learned is in the lessons' memory, so a new
// learner on the same store goes on where another stopped. Not thread-safe; reads the store while the loop commits.
class Learner {
 public:
  // Called with what is new about a class; returns when it is durable. `report` is one sentence for people.
  using Teach = std::function<void(Lesson lesson, std::string report)>;
  // For what is wrong with a picture, one sentence; it is tried again at the next look.
  using Complain = std::function<void(const std::string& sentence)>;

  // `store` must outlive the learner. `threads`: 0 means one per processor.
  Learner(std::filesystem::path folder, const Store& store, int threads, LessonForm form = {});

  // Learns with this encoder from now on; all pictures are new to it unless it knows them from before. Throws
  // InputError when the store's encoder cannot be used; it learns nothing then.
  void use(const Digest& encoder);
  bool has_encoder() const { return embedder_.has_value(); }

  // Looks at the folder once and learns what is new. Throws InputError when the folder cannot be read.
  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop);

 private:
  void learn_class(const NewExamples& examples, const Teach& teach, const Complain& complain,
                   const std::stop_token& stop);
  Bytes payload_of(ClassState state) const;
  // Adds a picture to the memory; returns whether it is new.
  bool add(const std::filesystem::path& file, ClassMemory& memory);

  const Store& store_;
  int threads_;
  LessonForm form_;
  ExampleFolder folder_;
  Digest encoder_;
  std::optional<Embedder> embedder_;
};

}  // namespace outrider::client
