// For the unit tests of this folder: files in a temporary folder, archives, and what an InputError says.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include "knowledge/bytes.h"
#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider {

// A fresh folder that goes away with its files.
class TemporaryFolder : public TemporaryDirectory {
 public:
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path() / name; }

  // Creates the folders above it too.
  std::filesystem::path write(const std::filesystem::path& name, ByteView content) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream file(path() / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    if (!file.flush()) throw std::runtime_error("a test file cannot be written");
    return path() / name;
  }

  // Entries are stored without compression if `store`.
  std::filesystem::path write_zip(const std::filesystem::path& name, const std::map<std::string, Bytes>& entries,
                                  bool store = true) const {
    zip_t* archive = zip_open((path() / name).c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const auto& [entry, content] : entries) {
      zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
      const zip_int64_t index = zip_file_add(archive, entry.c_str(), source, 0);
      if (store) zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    }
    if (zip_close(archive) != 0) throw std::runtime_error("a test archive cannot be written");
    return path() / name;
  }
};

inline Bytes content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline Bytes prefix(const Bytes& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

// The sentence of the InputError that `act` throws; fails the test when it throws none.
template <typename Act>
std::string refusal(Act&& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no InputError was thrown";
  return {};
}

// Where the real data sets lie, if they do.
inline std::filesystem::path real_data(const std::filesystem::path& name) {
  const char* folder = std::getenv("OUTRIDER_DATA");
  const auto repository = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  return (folder != nullptr ? std::filesystem::path(folder) : repository.parent_path() / "shared" / "data") / name;
}

}  // namespace outrider
