#include "exchange/text_lines.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace amity::exchange {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, kProblemTextMax)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  out = valid_utf8(out);
  return out + (text.size() > kProblemTextMax ? "...'" : "'");
}

void TextLines::refuse(std::string reason) {
  sink_.on_line_problem({number_, true, std::move(reason)});
}

void TextLines::detect(bool at_end) {
  const auto starts = [&](std::string_view mark) { return start_.substr(0, mark.size()) == mark; };
  if (start_.size() < 3 && !at_end) return;
  std::size_t skip = 0;
  encoding_ = Encoding::kOctets;
  if (starts("\xef\xbb\xbf")) {
    skip = 3;
  } else if (starts("\xff\xfe")) {
    encoding_ = Encoding::kUtf16Little;
    skip = 2;
  } else if (starts("\xfe\xff")) {
    encoding_ = Encoding::kUtf16Big;
    skip = 2;
  }
  const std::string rest = std::move(start_).substr(skip);
  start_.clear();
  encoding_ == Encoding::kOctets ? take(rest) : take_utf16(rest);
}

void TextLines::feed(std::string_view bytes) {
  if (encoding_ == Encoding::kUnknown) {
    const std::size_t more =
        std::min<std::size_t>(3 - std::min<std::size_t>(start_.size(), 3), bytes.size());
    start_ += bytes.substr(0, more);
    bytes.remove_prefix(more);
    detect(false);
    if (encoding_ == Encoding::kUnknown) return;
  }
  encoding_ == Encoding::kOctets ? take(bytes) : take_utf16(bytes);
}

void TextLines::take(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    if (!skipping_) {
      if (line_.size() + part.size() > line_bytes_max_) {
        refuse(fmt::format("the line is longer than {} octets: it is skipped", line_bytes_max_));
        skipping_ = true;
        line_.clear();
      } else {
        line_ += part;
      }
    }
    if (end == std::string_view::npos) return;
    end_line();
    text.remove_prefix(end + 1);
  }
}

void TextLines::take_utf16(std::string_view bytes) {
  converted_.clear();
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    if (odd_octet_ < 0) {
      odd_octet_ = octet;
      continue;
    }
    const int unit =
        encoding_ == Encoding::kUtf16Little ? odd_octet_ | octet << 8 : odd_octet_ << 8 | octet;
    odd_octet_ = -1;
    take_unit(static_cast<std::uint16_t>(unit));
    if (converted_.size() > 4096) {
      take(converted_);
      converted_.clear();
    }
  }
  take(converted_);
}

void TextLines::take_unit(std::uint16_t unit) {
  const bool low = unit >= 0xdc00 && unit < 0xe000, high = unit >= 0xd800 && unit < 0xdc00;
  if (high_surrogate_ != 0) {
    const std::uint32_t first = high_surrogate_;
    high_surrogate_ = 0;
    if (low) {
      append_utf8(converted_, 0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00u));
      return;
    }
    append_utf8(converted_, 0xfffd);
  }
  if (high) {
    high_surrogate_ = unit;
  } else {
    append_utf8(converted_, low ? 0xfffd : unit);
  }
}

void TextLines::end_line() {
  const bool skipped = std::exchange(skipping_, false);
  if (!skipped) {
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    if (line_.find('\0') != std::string::npos) {
      refuse("the line holds a zero octet: no text, or UTF-16 without its byte order mark");
    } else if (is_ascii(line_) || valid_utf8(line_) == line_) {
      sink_.on_line(line_, number_);
    } else {
      if (!latin1_told_) {
        sink_.on_line_problem({number_, false,
                               "the line is not UTF-8: it is read as Latin-1 (ISO 8859-1), as are "
                               "others like it"});
        latin1_told_ = true;
      }
      std::string utf8;
      for (const char c : line_) append_utf8(utf8, static_cast<unsigned char>(c));
      sink_.on_line(utf8, number_);
    }
  }
  line_.clear();
  ++number_;
}

void TextLines::finish() {
  if (encoding_ == Encoding::kUnknown) detect(true);
  if (odd_octet_ >= 0 || high_surrogate_ != 0) refuse("the file ends within a character of UTF-16");
  odd_octet_ = -1;
  high_surrogate_ = 0;
  if (!line_.empty() || skipping_) end_line();
}

}  // namespace amity::exchange
