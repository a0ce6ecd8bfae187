#include "storage/store.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "storage/memory_store.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Pairs = std::vector<std::pair<Bytes, Bytes>>;

Pairs scanned(const Store& store, Column column, ByteView prefix) {
  Pairs pairs;
  store.scan(column, prefix, [&](ByteView key, ByteView value) {
    pairs.emplace_back(Bytes(key.begin(), key.end()), Bytes(value.begin(), value.end()));
  });
  return pairs;
}

// A kind of store, and how it comes back after its process ended.
class Kind {
 public:
  virtual ~Kind() = default;
  virtual Store& store() = 0;
  virtual void reopen() = 0;
};

class InMemory : public Kind {
 public:
  Store& store() override { return *store_; }
  void reopen() override { store_ = store_->reopened(); }

 private:
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
};

class OnDisk : public Kind {
 public:
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    store_ = open_store(directory_.path());
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = open_store(directory_.path());
};

struct Named {
  std::string name;
  std::function<std::unique_ptr<Kind>()> make;
};

class StoreTest : public ::testing::TestWithParam<Named> {
 protected:
  std::unique_ptr<Kind> kind_ = GetParam().make();
  Store& store() { return kind_->store(); }
};

TEST_P(StoreTest, ReturnsWhatWasCommitted) {
  WriteSet writes;
  writes.put(Column::blobs, to_bytes("key"), to_bytes("value"));
  writes.put(Column::clients, to_bytes("key"), to_bytes("other column"));
  writes.put(Column::blobs, {}, {});
  store().commit(writes);
  EXPECT_EQ(store().get(Column::blobs, bytes_of("key")), to_bytes("value"));
  EXPECT_EQ(store().get(Column::clients, bytes_of("key")), to_bytes("other column"));
  EXPECT_EQ(store().get(Column::blobs, {}), Bytes{});
  EXPECT_EQ(store().get(Column::replica, bytes_of("key")), std::nullopt);
  EXPECT_EQ(store().get(Column::blobs, bytes_of("ke")), std::nullopt);
}

TEST_P(StoreTest, KeepsEveryColumnOverAReopen) {
  WriteSet writes;
  for (std::size_t i = 0; i < kColumns; ++i)
    writes.put(static_cast<Column>(i), to_bytes("key"), to_bytes(name(static_cast<Column>(i))));
  store().commit(writes);
  kind_->reopen();
  for (std::size_t i = 0; i < kColumns; ++i) {
    const auto column = static_cast<Column>(i);
    EXPECT_EQ(store().get(column, bytes_of("key")), to_bytes(name(column)));
  }
}

TEST_P(StoreTest, LaterOperationsOfAWriteSetWin) {
  WriteSet writes;
  writes.put(Column::meta, to_bytes("a"), to_bytes("1"));
  writes.put(Column::meta, to_bytes("a"), to_bytes("2"));
  writes.put(Column::meta, to_bytes("b"), to_bytes("1"));
  writes.erase(Column::meta, to_bytes("b"));
  writes.erase(Column::meta, to_bytes("c"));
  writes.put(Column::meta, to_bytes("c"), to_bytes("1"));
  store().commit(writes);
  EXPECT_EQ(store().get(Column::meta, bytes_of("a")), to_bytes("2"));
  EXPECT_EQ(store().get(Column::meta, bytes_of("b")), std::nullopt);
  EXPECT_EQ(store().get(Column::meta, bytes_of("c")), to_bytes("1"));
}

TEST_P(StoreTest, ErasesAndStaysErased) {
  WriteSet put;
  put.put(Column::contributions, to_bytes("a"), to_bytes("1"));
  store().commit(put);
  WriteSet erase;
  erase.erase(Column::contributions, to_bytes("a"));
  erase.erase(Column::contributions, to_bytes("never there"));
  store().commit(erase);
  EXPECT_EQ(store().get(Column::contributions, bytes_of("a")), std::nullopt);
  kind_->reopen();
  EXPECT_THAT(scanned(store(), Column::contributions, {}), IsEmpty());
}

TEST_P(StoreTest, ScansAPrefixInKeyOrder) {
  WriteSet writes;
  for (const char* key : {"b", "ab", "a", "abc", "ac", "\xff"})
    writes.put(Column::replica, to_bytes(key), to_bytes(key));
  store().commit(writes);
  EXPECT_THAT(scanned(store(), Column::replica, bytes_of("ab")),
              ElementsAre(std::pair(to_bytes("ab"), to_bytes("ab")), std::pair(to_bytes("abc"), to_bytes("abc"))));
  EXPECT_THAT(scanned(store(), Column::replica, bytes_of("\xff")),
              ElementsAre(std::pair(to_bytes("\xff"), to_bytes("\xff"))));
  EXPECT_THAT(scanned(store(), Column::replica, bytes_of("abcd")), IsEmpty());
  EXPECT_EQ(scanned(store(), Column::replica, {}).size(), 6u);
  EXPECT_THAT(scanned(store(), Column::blobs, {}), IsEmpty());
}

TEST_P(StoreTest, ScansNumbersInNumericOrder) {
  const std::vector<std::uint64_t> numbers = {0, 1, 255, 256, 65'535, 1ULL << 32, ~0ULL};
  WriteSet writes;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number)
    writes.put(Column::revisions, key_of(bytes_of("client"), *number), {});
  store().commit(writes);
  std::vector<std::uint64_t> found;
  store().scan(Column::revisions, bytes_of("client"),
               [&](ByteView key, ByteView) { found.push_back(number_in_key(key, 6)); });
  EXPECT_EQ(found, numbers);
}

TEST_P(StoreTest, VisitsMayReadTheStore) {
  WriteSet writes;
  writes.put(Column::meta, to_bytes("a"), to_bytes("1"));
  store().commit(writes);
  int visits = 0;
  store().scan(Column::meta, bytes_of("a"), [&](ByteView key, ByteView value) {
    const auto again = store().get(Column::meta, key);
    ASSERT_TRUE(again);
    EXPECT_EQ(text_of(*again), text_of(value));
    ++visits;
  });
  EXPECT_EQ(visits, 1);
}

TEST_P(StoreTest, KeepsLargeValues) {
  Bytes large(5u << 20);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(i * 2654435761u >> 24);
  WriteSet writes;
  writes.put(Column::blobs, to_bytes("encoder"), large);
  store().commit(writes);
  kind_->reopen();
  EXPECT_EQ(store().get(Column::blobs, bytes_of("encoder")), large);
}

TEST_P(StoreTest, HoldsItsFormatVersion) {
  EXPECT_EQ(store().get(Column::meta, bytes_of("format")), to_bytes("1"));
}

// Every commit writes the same number under two keys and a scan must never see two different ones.
TEST_P(StoreTest, ReadersSeeWholeCommitsOnly) {
  std::atomic<bool> done = false;
  std::atomic<int> scans = 0;
  std::thread reader([&] {
    do {
      const Pairs pairs = scanned(store(), Column::clients, {});
      if (!pairs.empty()) {
        EXPECT_EQ(pairs.size(), 2u);
        EXPECT_EQ(pairs.front().second, pairs.back().second);
      }
      ++scans;
    } while (!done);
  });
  for (std::uint64_t number = 0; number < 200 || scans < 20; ++number) {
    WriteSet writes;
    writes.put(Column::clients, to_bytes("a"), key_of(number));
    writes.put(Column::clients, to_bytes("z"), key_of(number));
    store().commit(writes);
  }
  done = true;
  reader.join();
}

INSTANTIATE_TEST_SUITE_P(Kinds, StoreTest,
                         ::testing::Values(Named{"Memory", [] { return std::make_unique<InMemory>(); }},
                                           Named{"RocksDb", [] { return std::make_unique<OnDisk>(); }}),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(ColumnTest, HasAName) {
  EXPECT_EQ(name(Column::contributions), "contributions");
  EXPECT_EQ(name(Column::meta), "meta");
}

TEST(WriteSetTest, AppendsInOrder) {
  WriteSet first;
  EXPECT_TRUE(first.empty());
  first.put(Column::meta, to_bytes("a"), to_bytes("1"));
  WriteSet second;
  second.erase(Column::blobs, to_bytes("b"));
  first.append(second);
  ASSERT_EQ(first.operations.size(), 2u);
  EXPECT_EQ(first.operations[1].column, Column::blobs);
  EXPECT_EQ(first.operations[1].key, to_bytes("b"));
  EXPECT_FALSE(first.operations[1].value);
}

TEST(KeyTest, RefusesAKeyTooShortForANumber) {
  EXPECT_EQ(number_in_key(key_of(0x0102030405060708)), 0x0102030405060708u);
  EXPECT_EQ(key_of(0x0102), (Bytes{0, 0, 0, 0, 0, 0, 1, 2}));
  EXPECT_THROW(number_in_key(bytes_of("1234567")), InputError);
  EXPECT_THROW(number_in_key(bytes_of("12345678"), 1), InputError);
  EXPECT_THROW(number_in_key(bytes_of("12345678"), 9), InputError);
}

TEST(MemoryStoreTest, FailsAsOftenAsToldAndWritesNothing) {
  MemoryStore store;
  WriteSet writes;
  writes.put(Column::meta, to_bytes("a"), to_bytes("1"));
  writes.put(Column::blobs, to_bytes("b"), to_bytes("1"));
  store.fail_next_commits(2);
  EXPECT_NO_THROW(store.commit({}));
  EXPECT_THROW(store.commit(writes), InputError);
  EXPECT_THROW(store.commit(writes), InputError);
  EXPECT_EQ(store.get(Column::meta, bytes_of("a")), std::nullopt);
  EXPECT_EQ(store.get(Column::blobs, bytes_of("b")), std::nullopt);
  store.commit(writes);
  EXPECT_EQ(store.get(Column::meta, bytes_of("a")), to_bytes("1"));
}

TEST(MemoryStoreTest, ReopenedSharesNoLaterChangeAndNoFault) {
  MemoryStore store;
  WriteSet before;
  before.put(Column::meta, to_bytes("a"), to_bytes("1"));
  store.commit(before);
  store.fail_next_commits();
  const std::unique_ptr<MemoryStore> copy = store.reopened();
  WriteSet after;
  after.put(Column::meta, to_bytes("a"), to_bytes("2"));
  EXPECT_THROW(store.commit(after), InputError);
  store.commit(after);
  EXPECT_EQ(copy->get(Column::meta, bytes_of("a")), to_bytes("1"));
  copy->commit({.operations = {{Column::meta, to_bytes("b"), to_bytes("3")}}});
  EXPECT_EQ(store.get(Column::meta, bytes_of("b")), std::nullopt);
}

}  // namespace
}  // namespace outrider
