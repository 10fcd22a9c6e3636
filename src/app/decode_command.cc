#include "app/decode_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "app/exit_codes.h"
#include "wire/decode/decode.h"

namespace amity::app {
namespace {

struct Arguments {
  std::vector<std::string> inputs, keys, auth_keys;
  std::string system_title, zone;
  bool inverted_deviation = false;
};

struct Outcome {
  std::size_t shown = 0;
  std::size_t bad = 0;
};

std::string read_all(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Result<std::vector<Bytes>> keys_from(const std::vector<std::string>& texts) {
  std::vector<Bytes> keys;
  for (const std::string& text : texts) {
    AMITY_TRY(Bytes key, from_hex(text));
    if (key.size() != 16 && key.size() != 32) {
      return make_error(ErrorCode::kInvalid,
                        "a key has 16 or 32 bytes, not " + std::to_string(key.size()));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Status fill(const Arguments& arguments, decode::DecodeOptions& options,
            std::optional<TimeZone>& zone) {
  AMITY_TRY(options.keys.encryption, keys_from(arguments.keys));
  AMITY_TRY(options.keys.authentication, keys_from(arguments.auth_keys));
  if (!arguments.system_title.empty()) {
    AMITY_TRY(const Bytes title, from_hex(arguments.system_title));
    AMITY_TRY(options.keys.system_title, dlms::system_title_from(title));
  }
  if (!arguments.zone.empty()) {
    AMITY_TRY(zone, TimeZone::find(arguments.zone));
    options.zone = &*zone;
  }
  if (arguments.inverted_deviation) options.deviation_sign = dlms::DeviationSign::kInverted;
  return {};
}

// Hexadecimal text or the bytes themselves.
Result<Bytes> to_bytes(const std::string& content) {
  if (decode::looks_like_hex(as_bytes(content))) return decode::bytes_from_hex_text(content);
  const ByteView bytes = as_bytes(content);
  return Bytes(bytes.begin(), bytes.end());
}

void report(const std::string& name, const Error& error, Outcome& outcome) {
  ++outcome.bad;
  fmt::print(stderr, "{}: byte {}: {}: {}\n", name, error.offset, to_string(error.code),
             error.reason);
}

void decode_content(const std::string& name, const std::string& content,
                    const decode::DecodeOptions& options, Outcome& outcome) {
  const auto bytes = to_bytes(content);
  if (!bytes.ok()) return report(name, bytes.error(), outcome);
  const auto frames = decode::decode_stream(*bytes, options);
  if (frames.empty())
    return report(name, make_error(ErrorCode::kTruncated, "no whole message"), outcome);
  for (const decode::DecodedFrame& frame : frames) {
    if (frame.json.ok()) {
      ++outcome.shown;
      fmt::print("{}\n", *frame.json);
    } else {
      report(name, frame.json.error(), outcome);
    }
  }
}

// False where there is no such file and the argument is no hexadecimal text either.
bool decode_input(const std::string& input, const decode::DecodeOptions& options,
                  Outcome& outcome) {
  if (input == "-") {
    decode_content("-", read_all(std::cin), options, outcome);
    return true;
  }
  if (std::error_code ec; std::filesystem::is_regular_file(input, ec)) {
    std::ifstream in(input, std::ios::binary);
    decode_content(input, read_all(in), options, outcome);
    return true;
  }
  if (!decode::looks_like_hex(as_bytes(input))) {
    fmt::print(stderr, "{}: neither a file nor hexadecimal text\n", input);
    return false;
  }
  decode_content("argument", input, options, outcome);
  return true;
}

}  // namespace

int decode_command(int argc, char** argv) {
  CLI::App app{
      "Prints any DLMS/COSEM frame as one JSON object: HDLC, TCP/UDP wrapper, wired M-Bus, bare "
      "APDU, ciphered.",
      "amity decode"};
  Arguments arguments;
  app.add_option("input", arguments.inputs,
                 "hexadecimal text, a file (binary or hexadecimal), or - for stdin")
      ->required();
  app.add_option("--key", arguments.keys,
                 "encryption key or key-encryption key, hexadecimal; may be repeated");
  app.add_option("--auth-key", arguments.auth_keys,
                 "authentication key, hexadecimal; may be repeated");
  app.add_option("--system-title", arguments.system_title,
                 "the sender's system title, 16 digits, for frames that do not carry it");
  app.add_option("--zone", arguments.zone,
                 "time zone of meters that send none, e.g. Europe/Vienna");
  app.add_flag("--inverted-deviation", arguments.inverted_deviation,
               "the meter sends its offset with the sign opposite to the standard");
  app.footer(
      "Example:\n  amity decode "
      "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e\n"
      "Exit codes: 0 all decoded, 2 usage, 3 bad input (file and byte offset on stderr; the rest "
      "is kept).");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  decode::DecodeOptions options;
  std::optional<TimeZone> zone;
  if (const Status status = fill(arguments, options, zone); !status.ok()) {
    fmt::print(stderr, "amity decode: {}\n", to_string(status.error()));
    return kExitUsage;
  }
  Outcome outcome;
  for (const std::string& input : arguments.inputs) {
    if (!decode_input(input, options, outcome)) ++outcome.bad;
  }
  if (outcome.bad != 0) fmt::print(stderr, "{} decoded, {} not\n", outcome.shown, outcome.bad);
  return outcome.bad == 0 ? kExitDone : kExitBadInput;
}

}  // namespace amity::app
