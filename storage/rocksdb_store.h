// open_store with the file system as an argument, for tests that let it fail.
#pragma once

#include <filesystem>
#include <memory>

#include "storage/store.h"

namespace rocksdb {
class Env;
}

namespace outrider {

// `env` outlives the store.
std::unique_ptr<Store> open_store(const std::filesystem::path& directory, rocksdb::Env& env);

}  // namespace outrider
