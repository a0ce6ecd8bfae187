#include "knowledge/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"

namespace outrider {
namespace {

TEST(Definition, ComesBackFromItsEnvelope) {
  for (const Bytes& content : {Bytes{}, Bytes{1, 2, 3}, Bytes(1000, 7)}) {
    const Definition definition{"counter", content};
    EXPECT_EQ(Definition::decode(definition.encode()), definition);
  }
}

TEST(Definition, WithoutAnEnvelopeIsLeftToTheFamiliesThatKnewItBefore) {
  EXPECT_EQ(Definition::decode({}), std::nullopt);
  EXPECT_EQ(Definition::decode(Bytes{0, 0, 0, 0, 5}), std::nullopt);
  const Bytes whole = Definition{"counter", {}}.encode();
  EXPECT_EQ(Definition::decode(ByteView(whole).first(10)), std::nullopt);
}

TEST(Definition, ThatIsDamagedIsRefusedWithASentence) {
  const Bytes whole = Definition{"counter", {}}.encode();
  const std::size_t magic = whole.size() - 8;
  for (std::size_t size = magic; size < whole.size(); ++size)
    EXPECT_THROW(Definition::decode(ByteView(whole).first(size)), InputError) << size;
  Bytes no_text = whole;
  no_text.back() = 0xff;
  EXPECT_THROW(Definition::decode(no_text), InputError);
}

TEST(Definition, AKindIsAShortName) {
  const std::string longest(Definition::kMostKindBytes, 'k');
  EXPECT_EQ(Definition::decode(Definition{longest, {}}.encode())->kind, longest);
  for (const std::string& kind : {std::string(), longest + "k", std::string("a\0b", 3), std::string("\xff")})
    EXPECT_THROW((Definition{kind, {}}.encode()), InputError);
}

}  // namespace
}  // namespace outrider
