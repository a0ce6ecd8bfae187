// Pictures and labels in IDX files, plain or compressed: the input is both, one after the other at the place that its
// first two bytes say.
#include "learners/data/idx.h"

#include "tests/fuzz/refusing.h"
#include "tests/fuzz/scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static const fuzz::ScratchFile images("images");
  static const fuzz::ScratchFile labels("labels");
  if (size < 2) return 0;
  const ByteView bytes = ByteView(data, size).subspan(2);
  const std::size_t place = std::min<std::size_t>(std::size_t{data[0]} << 8U | data[1], bytes.size());
  fuzz::refusing([&] {
    const Dataset set = load_idx(images.write(bytes.first(place)), labels.write(bytes.subspan(place)));
    fuzz::must(set.pixels.size() == set.labels.size() * set.shape.size(), "every picture has a label");
  });
  return 0;
}
