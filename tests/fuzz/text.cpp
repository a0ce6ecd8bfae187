// Text from anywhere: shown, cut, named as a folder, read as a quantity.
#include "knowledge/capacity.h"
#include "learners/data/image_folder.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using fuzz::must;
  const std::string text(text_of({data, size}));
  constexpr std::size_t kMost = 64;
  for (const std::string& shown : {utf8::printable(text, kMost), utf8::quoted(text, kMost)})
    must(!utf8::objection(shown, kMost + 2), "what is shown is text");
  must(utf8::cut(text, kMost).size() <= kMost, "what is cut is short");
  if (!utf8::objection(text, text.size())) {
    must(!utf8::objection(utf8::cut(text, kMost), kMost), "text that is cut is text");
    must(text.empty() || utf8::first(text).has_value(), "text begins with a character");
  }
  if (!text.empty()) must(class_of_folder(folder_of_class(text)) == text, "a class's folder names the class");
  class_of_folder(text);
  fuzz::refusing([&] { must(parse_memory("memory", text) > 0, "a quantity is above 0"); });
  fuzz::refusing([&] { must(parse_operations("operations", text) > 0, "a quantity is above 0"); });
  return 0;
}
