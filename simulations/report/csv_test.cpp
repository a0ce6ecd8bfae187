#include "simulations/report/csv.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"

namespace outrider::simulations {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class CsvFileTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::filesystem::path folder_ = directory_.path();
};

TEST(CsvLine, QuotesWhereItMust) {
  EXPECT_EQ(csv_line({"plain", "a,b", "say \"hi\"", "two\nlines", " x", "", "Größe"}),
            "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\" x\",,Größe");
}

TEST(CsvLine, NumbersReadBackTheSame) {
  EXPECT_EQ(csv_line({0.1, 0.1f, 1e300, -7, std::uint64_t{18446744073709551615u}, 1.0}),
            "0.1,0.1,1e+300,-7,18446744073709551615,1");
  EXPECT_EQ(csv_line({std::nan(""), -INFINITY}), "nan,-inf");
  const double awkward = 1.0 / 3;
  EXPECT_EQ(std::stod(CsvField(awkward).text()), awkward);
}

TEST_F(CsvFileTest, WritesHeadingsAndRows) {
  const auto path = folder_ / "run.csv";
  {
    CsvFile file(path, {"round", "accuracy"});
    file.row({1, 0.5});
    file.flush();
    EXPECT_EQ(content_of(path), "round,accuracy\n1,0.5\n");
    file.row({2, "n/a"});
  }
  EXPECT_EQ(content_of(path), "round,accuracy\n1,0.5\n2,n/a\n");
}

TEST_F(CsvFileTest, RefusesOddRowsAndPlacesItCannotWriteTo) {
  CsvFile file(folder_ / "run.csv", {"a", "b"});
  EXPECT_THROW(file.row({1}), InputError);
  try {
    const CsvFile nowhere(folder_ / "missing" / "run.csv", {"a"});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("missing/run.csv"), std::string::npos);
  }
}

TEST_F(CsvFileTest, ReportsAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  CsvFile file("/dev/full", {"a"});
  EXPECT_THROW(file.flush(), InputError);
}

TEST(CsvLineTest, IsUtf8WhateverNamesAre) {
  EXPECT_EQ(csv_line({std::string("Gr\xf6\xdf") + "e", "\xed\xa0\x80", std::string("a\0b", 3), "\x1b[2J", "back\\slash",
                      "tab\there"}),
            "Gr\\xF6\\xDFe,\\xED\\xA0\\x80,a\\x00b,\\x1B[2J,back\\slash,tab\there");
  EXPECT_EQ(csv_line({"=\xff()", "\xff=1"}), "'=\\xFF(),\\xFF=1");
}

TEST(CsvLineTest, NoTextIsAFormulaToASpreadsheet) {
  EXPECT_EQ(csv_line({"=cmd()", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"}),
            "'=cmd(),'+1+1,'-2+3,'@SUM(A1),'\t=1,\"'\r=1\"");
  EXPECT_EQ(csv_line({"=HYPERLINK(\"http://x\",\"y\")"}), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
  EXPECT_EQ(csv_line({"\n=1", "\uff1dcmd()", "\uff20SUM(A1)"}), "\"'\n=1\",'\uff1dcmd(),'\uff20SUM(A1)");
  EXPECT_EQ(csv_line({"-3.5", "+2", "-1e-9", -4, -0.25, "-", "bag", ""}), "-3.5,+2,-1e-9,-4,-0.25,-,bag,");
}

}  // namespace
}  // namespace outrider::simulations
