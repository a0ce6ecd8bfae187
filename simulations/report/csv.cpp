#include "simulations/report/csv.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::simulations {
namespace {

template <typename Number>
std::string shortest(Number number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

bool is_number(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

bool looks_like_formula(std::string_view text) {
  constexpr std::array kBeginnings{"=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
  return std::ranges::any_of(kBeginnings,
                             [&](std::string_view start) { return text.starts_with(start) && text != start; }) &&
         !is_number(text);
}

bool stays(std::string_view character) {
  return character == "\n" || character == "\r" || character == "\t" || character == "\\" ||
         !utf8::objection(character, character.size());
}

// As it is, but for what a reader of UTF-8 would stumble over.
std::string readable_field(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto character = utf8::first(text);
    const std::string_view one = text.substr(0, character ? character->bytes : 1);
    shown += stays(one) ? std::string(one) : utf8::printable(one);
    text.remove_prefix(one.size());
  }
  return shown;
}

bool needs_quotes(std::string_view text) {
  return text.find_first_of(",\"\r\n") != text.npos || text.starts_with(' ') || text.ends_with(' ');
}

}  // namespace

CsvField::CsvField(const std::string& text) : text_(readable_field(text)) {
  if (looks_like_formula(text_)) text_.insert(0, 1, '\'');
}
CsvField::CsvField(double number) : text_(shortest(number)) {}
CsvField::CsvField(float number) : text_(shortest(number)) {}

std::string csv_line(const std::vector<CsvField>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    const std::string& text = fields[i].text();
    if (!needs_quotes(text)) {
      line += text;
      continue;
    }
    line += '"';
    for (const char character : text) line.append(character == '"' ? 2 : 1, character);
    line += '"';
  }
  return line;
}

CsvFile::CsvFile(std::filesystem::path path, const std::vector<std::string>& columns)
    : path_(std::move(path)), stream_(path_, std::ios::binary), columns_(columns.size()) {
  require_written();
  row(std::vector<CsvField>(columns.begin(), columns.end()));
}

void CsvFile::row(const std::vector<CsvField>& fields) {
  if (fields.size() != columns_)
    throw InputError("a row of " + std::to_string(fields.size()) + " fields was given to " + path_.string() +
                     ", which has " + std::to_string(columns_) + " columns");
  stream_ << csv_line(fields) << '\n';
  require_written();
}

void CsvFile::flush() {
  stream_.flush();
  require_written();
}

void CsvFile::require_written() {
  if (!stream_) throw InputError("the file " + path_.string() + " cannot be written: " + std::strerror(errno));
}

}  // namespace outrider::simulations
