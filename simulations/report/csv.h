// Tables for other programs: CSV after RFC 4180, UTF-8, line breaks "\n".
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace outrider::simulations {

// A field: text, or a number in the shortest form that reads back as the same number ("nan" and "inf" as such).
// Names come from anywhere. Bytes that are no UTF-8 and control characters but line breaks and tabs are escaped as
// \xFF. Spreadsheets take text that begins with =, +, -, @ (also in full width), a tab or a line break for a formula:
// such text gets a ' before it, unless it is a number.
class CsvField {
 public:
  // Implicit, so that a row is written as {"name", 3, 0.5}. NOLINTBEGIN(google-explicit-constructor)
  CsvField(const std::string& text);
  CsvField(std::string_view text) : CsvField(std::string(text)) {}
  CsvField(const char* text) : CsvField(std::string(text)) {}
  CsvField(double number);
  CsvField(float number);
  template <typename Integer>
  requires std::is_integral_v<Integer> CsvField(Integer number) : text_(std::to_string(number)) {}
  // NOLINTEND(google-explicit-constructor)

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// One line without its break. A field is quoted where it contains a comma, a quote, a line break or a space at an end.
std::string csv_line(const std::vector<CsvField>& fields);

// Writes a file row by row, replacing what it held.
class CsvFile {
 public:
  // Throws InputError when the file cannot be written.
  CsvFile(std::filesystem::path path, const std::vector<std::string>& columns);

  // Throws InputError when the number of fields is not that of the columns, or the disk does not take them.
  void row(const std::vector<CsvField>& fields);
  // Hands everything to the operating system; throws InputError when that fails. The destructor does so without a word.
  void flush();

 private:
  void require_written();

  std::filesystem::path path_;
  std::ofstream stream_;
  std::size_t columns_;
};

}  // namespace outrider::simulations
