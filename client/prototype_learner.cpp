#include "client/prototype_learner.h"

#include <chrono>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/image.h"
#include "learners/data/resize.h"
#include "learners/prototypical/merge.h"

namespace outrider::client {
namespace {

Bytes content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  Bytes content{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) throw InputError(file.string() + " cannot be read");
  return content;
}

}  // namespace

PrototypeLearner::PrototypeLearner(std::filesystem::path folder, const Store& store, int threads, LessonForm form)
    : store_(store), threads_(threads), form_(form), folder_(std::move(folder)) {}

void PrototypeLearner::use(const Digest& encoder) {
  embedder_.reset();
  const auto blob = store_.get(Column::blobs, encoder.view());
  if (!blob) throw InputError("the state has no encoder " + encoder.brief());
  embedder_.emplace(Encoder::decode(*blob), threads_);
  encoder_ = encoder;
  folder_.forget_all();
}

void PrototypeLearner::learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  if (!embedder_) return;
  for (const NewExamples& examples : folder_.look()) {
    if (stop.stop_requested()) return;
    learn_class(examples, teach, complain, stop);
  }
}

void PrototypeLearner::learn_class(const NewExamples& examples, const Teach& teach, const Complain& complain,
                                   const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  Topic topic{std::string(kPrototypeKind), encoder_, examples.class_name};
  const auto known = lesson_memory(store_, topic);
  ClassMemory memory = known ? ClassMemory::decode(*known) : ClassMemory(embedder_->dimension());
  std::size_t added = 0;
  for (const std::filesystem::path& file : examples.files) {
    if (stop.stop_requested()) return;
    try {
      added += add(file, memory) ? 1 : 0;
    } catch (const InputError& error) {
      complain(error.what());
      folder_.forget({file});
    }
  }
  if (added == 0) return;
  const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  memory.spent += spent;
  Lesson lesson{std::move(topic), payload_of(memory.state()), memory.encode()};
  teach(std::move(lesson),
        fmt::format("learned '{}' from {} new pictures ({} in all) in {:.1f} ms", examples.class_name, added,
                    memory.count(), static_cast<double>(spent.count()) / 1000));
}

Bytes PrototypeLearner::payload_of(ClassState state) const {
  if (!form_.deviations) state.deviations.clear();
  return encode(state, form_.precision);
}

bool PrototypeLearner::add(const std::filesystem::path& file, ClassMemory& memory) {
  const Bytes content = content_of(file);
  const Digest example = Digest::of(content);
  if (memory.knows(example)) return false;
  const Image picture = resize(decode_image(content, file.string()), embedder_->input());
  std::vector<float> embedding(embedder_->dimension());
  embedder_->embed(picture.pixels, embedding);
  memory.add(example, embedding);
  return true;
}

}  // namespace outrider::client
