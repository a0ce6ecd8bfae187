// Learns prototypes from the pictures in a folder.
#pragma once

#include <filesystem>
#include <optional>

#include "client/example_folder.h"
#include "client/learner.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/class_memory.h"

namespace outrider::client {

// Class-incremental learning by online averaging (Snell et al. 2017, Hendryx et al. 2021): each new picture
// of a class is embedded once and added to the class's exact sum. What it learned is in the lessons' memory, so a new
// learner on the same store goes on where another stopped. Not thread-safe; reads the store while the loop commits.
class PrototypeLearner : public Learner {
 public:
  // `store` must outlive the learner. `threads`: 0 means one per processor.
  PrototypeLearner(std::filesystem::path folder, const Store& store, int threads, LessonForm form = {});

  // Learns with this encoder from now on; all pictures are new to it unless it knows them from before. Throws
  // InputError when the store's encoder cannot be used; it learns nothing then.
  void use(const Digest& encoder);
  bool has_encoder() const { return embedder_.has_value(); }

  void learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) override;

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
