#include "simulations/durable_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

bool sync_path(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  errno = error;
  return synced;
}

bool write_all(const std::filesystem::path& file, std::string_view content) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  return stream.good();
}

}  // namespace

void write_durably(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path temporary = file.string() + ".tmp";
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (write_all(temporary, content) && sync_path(temporary, O_RDONLY) &&
      ::rename(temporary.c_str(), file.c_str()) == 0 && sync_path(folder, O_RDONLY | O_DIRECTORY))
    return;
  const std::string reason = std::strerror(errno);
  ::unlink(temporary.c_str());
  throw InputError("the file " + file.string() + " cannot be written: " + reason);
}

std::string content_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace outrider::simulations
