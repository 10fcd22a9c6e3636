// Thrift's compact protocol, as much as Parquet's headers need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amity::exchange {

class ThriftOut {
 public:
  explicit ThriftOut(std::string& out) : out_(out) {}

  void i32(int field, std::int32_t value) { number(field, 5, value); }
  void i64(int field, std::int64_t value) { number(field, 6, value); }
  void boolean(int field, bool value) { header(field, value ? 1 : 2); }
  void text(int field, std::string_view value) {
    header(field, 8);
    bare_text(value);
  }
  void begin_struct(int field) {
    header(field, 12);
    last_.push_back(0);
  }
  void begin_element() { last_.push_back(0); }  // a struct within a list
  void end_struct() {
    out_ += '\0';
    last_.pop_back();
  }
  enum class Element : std::uint8_t { kI32 = 5, kText = 8, kStruct = 12 };
  void begin_list(int field, Element element, std::size_t size) {
    header(field, 9);
    const auto type = static_cast<std::uint8_t>(element);
    if (size < 15) {
      out_ += static_cast<char>(size << 4 | type);
    } else {
      out_ += static_cast<char>(0xf0 | type);
      varint(size);
    }
  }
  void bare_text(std::string_view value) {
    varint(value.size());
    out_ += value;
  }
  void bare_i32(std::int32_t value) { zigzag(value); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }

 private:
  void zigzag(std::int64_t value) {
    varint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void number(int field, int type, std::int64_t value) {
    header(field, type);
    zigzag(value);
  }
  void header(int field, int type) {  // fields ascend, and are less than 16 apart
    out_ += static_cast<char>((field - last_.back()) << 4 | type);
    last_.back() = field;
  }

  std::string& out_;
  std::vector<int> last_{0};
};

}  // namespace amity::exchange
