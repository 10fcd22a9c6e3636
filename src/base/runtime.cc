#include "base/runtime.h"

#include <charconv>

namespace amity {

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
  std::uint64_t v = u64();
  while (v >= limit) v = u64();  // rejection keeps it uniform
  return v % bound;
}

double Random::unit() {
  return static_cast<double>(u64() >> 11) * 0x1.0p-53;
}

std::string to_string(const SerialLine& line) {
  const char* parity = line.parity == SerialLine::Parity::kNone   ? "N"
                       : line.parity == SerialLine::Parity::kEven ? "E"
                                                                  : "O";
  return std::to_string(line.baud) + " " + std::to_string(line.data_bits) + parity +
         std::to_string(line.stop_bits);
}

Result<SerialLine> serial_line_from(std::string_view text) {
  SerialLine line;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), line.baud);
  const std::string_view format = text.substr(static_cast<std::size_t>(end - text.data()));
  const bool whole = error == std::errc() && line.baud > 0 && format.size() == 4 &&
                     (format[0] == ' ' || format[0] == ',') &&
                     (format[1] == '7' || format[1] == '8') &&
                     (format[2] == 'N' || format[2] == 'E' || format[2] == 'O') &&
                     (format[3] == '1' || format[3] == '2');
  if (!whole) {
    return make_error(ErrorCode::kInvalid,
                      "a serial line is written like \"9600 8N1\" or \"300,7E1\", not \"" +
                          std::string(text) + "\"");
  }
  line.data_bits = static_cast<std::uint8_t>(format[1] - '0');
  line.parity = format[2] == 'N'   ? SerialLine::Parity::kNone
                : format[2] == 'E' ? SerialLine::Parity::kEven
                                   : SerialLine::Parity::kOdd;
  line.stop_bits = static_cast<std::uint8_t>(format[3] - '0');
  return line;
}

Result<std::unique_ptr<SerialPort>> Network::open_serial(const std::string& path,
                                                         const SerialLine&) {
  return make_error(ErrorCode::kUnsupported, "this network has no serial ports: " + path);
}

}  // namespace amity
