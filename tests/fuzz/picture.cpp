// One picture or one sound.
#include "learners/data/image.h"
#include "learners/data/wav.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const Image image = decode_image(bytes, "the picture");
    fuzz::must(!image.pixels.empty() && image.pixels.size() == image.shape.size(), "a picture has all its pixels");
  });
  fuzz::refusing([&] { fuzz::must(!decode_wav(bytes, "the sound").samples.empty(), "a recording has samples"); });
  return 0;
}
