#include "client/families/prototypical/prototype_learner.h"

#include <algorithm>
#include <chrono>
#include <new>

#include <fmt/format.h>

#include "knowledge/definition.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "knowledge/whole_file.h"
#include "learners/data/image.h"
#include "learners/data/limits.h"
#include "learners/data/resize.h"

namespace outrider::client {

PrototypeLearner::PrototypeLearner(std::filesystem::path folder, const Store& store, int threads, LessonForm form,
                                   bool keep_deleted)
    : store_(store), threads_(threads), form_(form), keep_deleted_(keep_deleted), folder_(std::move(folder)) {}

void PrototypeLearner::use(const Digest& encoder) {
  embedder_.reset();
  const auto blob = store_.get(Column::blobs, encoder.view());
  if (!blob) throw InputError("the state has no encoder " + encoder.brief());
  embedder_.emplace(Encoder::decode(Definition::content_of(*blob)), threads_);
  encoder_ = encoder;
  folder_.forget_all();
  pictures_.clear();
  reviewed_all_ = false;
}

void PrototypeLearner::learn(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  if (!embedder_) return;
  const std::vector<NewExamples> found = folder_.look();
  for (const std::string& complaint : folder_.complaints()) complain(complaint);
  for (const NewExamples& examples : found) {
    if (stop.stop_requested()) return;
    try {
      learn_class(examples, teach, complain, stop);
    } catch (const InputError& error) {  // of this class alone; its pictures are looked at again when they change
      complain(error.what());
    }
  }
  if (!keep_deleted_) take_back_what_left(teach, complain, stop);
}

void PrototypeLearner::learn_class(const NewExamples& examples, const Teach& teach, const Complain& complain,
                                   const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  Topic topic = topic_of(examples.class_name);
  const auto known = lesson_memory(store_, topic);
  ClassMemory memory = known && !known->empty() ? ClassMemory::decode(*known) : ClassMemory(embedder_->dimension());
  if (memory.count() == 0) memory.follows_folder = true;
  std::size_t added = 0;
  for (const std::filesystem::path& file : examples.files) {
    if (stop.stop_requested()) return;
    try {
      added += add(file, memory) ? 1 : 0;
    } catch (const InputError& error) {  // of this picture alone; it is looked at again when it changes
      complain(error.what());
    } catch (const std::bad_alloc&) {
      complain(shown(file) + " is left out: there is not memory enough to learn it");
    }
  }
  if (added == 0) return;
  const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  memory.spent += spent;
  Lesson lesson{std::move(topic), payload_of(memory.state()), memory.encode()};
  teach(std::move(lesson),
        fmt::format("learned {} from {} new pictures ({} in all) in {:.1f} ms", utf8::quoted(examples.class_name),
                    added, memory.count(), static_cast<double>(spent.count()) / 1000));
}

void PrototypeLearner::take_back_what_left(const Teach& teach, const Complain& complain, const std::stop_token& stop) {
  std::erase_if(pictures_, [&](const auto& picture) { return !folder_.has(picture.first); });
  to_review_.merge(classes_to_review());
  reviewed_all_ = true;
  for (const std::string& class_name : std::set(to_review_)) {
    if (stop.stop_requested()) return;
    if (const auto complaint = objection_of([&] { review(class_name, teach, complain, stop); })) complain(*complaint);
  }
}

std::set<std::string> PrototypeLearner::classes_to_review() const {
  if (reviewed_all_) return folder_.thinned();
  std::set<std::string> classes;
  for_each_lesson(store_, std::string(kPrototypeKind), encoder_,
                  [&](const Topic& topic, ByteView) { classes.insert(topic.subject); });
  return classes;
}

std::optional<std::set<Digest>> PrototypeLearner::pictures_of(const std::string& class_name) const {
  std::set<Digest> found;
  if (folder_.is_unclear(class_name)) return std::nullopt;
  const auto files = folder_.present().find(class_name);
  if (files == folder_.present().end()) return found;
  for (const std::filesystem::path& file : files->second) {
    const auto picture = pictures_.find(file);
    if (picture == pictures_.end()) return std::nullopt;
    found.insert(picture->second);
  }
  return found;
}

// The class is learned anew from what is there: a sum cannot be freed of a picture that nobody has any more.
void PrototypeLearner::review(const std::string& class_name, const Teach& teach, const Complain& complain,
                              const std::stop_token& stop) {
  const auto present = pictures_of(class_name);
  if (!present) return;  // it is looked at again when all can be read
  const auto known = lesson_memory(store_, topic_of(class_name));
  if (!known || known->empty()) return void(to_review_.erase(class_name));
  const ClassMemory before = ClassMemory::decode(*known);
  const auto gone = static_cast<std::size_t>(
      std::ranges::count_if(before.examples(), [&](const Digest& example) { return !present->contains(example); }));
  if (gone == 0) return void(to_review_.erase(class_name));
  if (!before.follows_folder)
    return complain(fmt::format(
        "{} of the {} pictures that {} was learned from are not in the folder; an earlier version learned them, so "
        "they stay. To learn the class anew from the folder, start with another --state",
        gone, before.count(), utf8::quoted(class_name)));
  if (folder_.is_empty())
    return complain("the data folder has no pictures any more (is it mounted?); what was learned from them stays");
  ClassMemory memory(embedder_->dimension());
  memory.follows_folder = true;
  memory.spent = before.spent;
  const auto files = folder_.present().find(class_name);
  if (files != folder_.present().end())
    for (const std::filesystem::path& file : files->second) {
      if (stop.stop_requested()) return;
      const auto complaint = objection_of([&] { add(file, memory); });
      if (complaint && before.knows(pictures_.at(file))) return complain(*complaint);
    }
  to_review_.erase(class_name);
  Lesson lesson{topic_of(class_name), {}, {}};
  if (memory.count() > 0) lesson = {topic_of(class_name), payload_of(memory.state()), memory.encode()};
  teach(std::move(lesson),
        memory.count() == 0
            ? fmt::format("took {} back: its {} pictures have left the folder", utf8::quoted(class_name), gone)
            : fmt::format("took {} pictures of {} back that have left the folder ({} in all)", gone,
                          utf8::quoted(class_name), memory.count()));
}

Bytes PrototypeLearner::payload_of(ClassState state) const {
  if (!form_.deviations) state.deviations.clear();
  return encode(state, form_.precision);
}

bool PrototypeLearner::add(const std::filesystem::path& file, ClassMemory& memory) {
  const Bytes content = read_file(file, kMaxPictureFile);
  const Digest example = Digest::of(content);
  pictures_.insert_or_assign(file, example);
  if (memory.knows(example)) return false;
  const Image picture = resize(decode_image(content, shown(file)), embedder_->input());
  std::vector<float> embedding(embedder_->dimension());
  embedder_->embed(picture.pixels, embedding);
  memory.add(example, embedding);
  return true;
}

}  // namespace outrider::client
