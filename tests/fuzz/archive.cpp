// A zip archive with files, and with pictures by class.
#include "learners/data/file_tree.h"
#include "learners/data/image_folder.h"
#include "tests/fuzz/refusing.h"
#include "tests/fuzz/scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  static const fuzz::ScratchFile file("pictures.zip");
  const std::filesystem::path& path = file.write({data, size});
  constexpr std::uint64_t kMostBytes = 1u << 20;
  fuzz::refusing([&] {
    const std::unique_ptr<FileTree> tree = FileTree::open(path);
    for (std::size_t i = 0; i < tree->names().size(); ++i)
      fuzz::refusing([&] { fuzz::must(tree->read(i, kMostBytes).size() <= kMostBytes, "a file keeps to the limit"); });
  });
  fuzz::refusing([&] { load_image_folder(path); });
  return 0;
}
