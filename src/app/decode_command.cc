#include "app/decode_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "app/exit_codes.h"
#include "app/live_input.h"
#include "driver/embedded_models.h"
#include "driver/mapping.h"
#include "wire/decode/live_decoder.h"

namespace amity::app {
namespace {

// A piece of a live stream that holds an unfinished frame and has more than this is given up.
constexpr std::size_t kUnfinishedBytesMax = 1024 * 1024;

struct Arguments {
  std::vector<std::string> inputs, keys, key_files, auth_keys;
  std::string system_title, zone, protocol, base_title, meters;
  bool inverted_deviation = false, explain = false;
};

// What the arguments come to; `options` points into it.
struct Settings {
  mbus::KeyStore mbus_keys;
  c12::Keys c12_keys;
  driver::ModelSet models;
  std::optional<TimeZone> zone;
  decode::DecodeOptions options;
};

struct Outcome {
  std::size_t shown = 0;
  std::size_t bad = 0;
};

std::string read_all(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Result<Bytes> key_from(std::string_view text) {
  AMITY_TRY(Bytes key, from_hex(text));
  if (key.size() != 8 && key.size() != 12 && key.size() != 16 && key.size() != 32) {
    return make_error(
        ErrorCode::kInvalid,
        "a key has 16 or 32 bytes (8 for DES, 12 for OSGP), not " + std::to_string(key.size()));
  }
  return key;
}

// "HEX", a key to be tried on everything; "12345678=HEX", the key of the M-Bus meter with that
// number; "2=HEX", the C12.22 key with that id.
Status add_key(std::string_view text, Settings& settings) {
  const std::size_t equals = text.find('=');
  AMITY_TRY(Bytes key, key_from(equals == std::string_view::npos ? text : text.substr(equals + 1)));
  if (equals == std::string_view::npos) {
    if (key.size() == 8 || key.size() == 16) AMITY_CHECK(settings.mbus_keys.add_for_any(key));
    if (key.size() != 8) settings.options.keys.encryption.push_back(std::move(key));
    return {};
  }
  const std::string_view name = text.substr(0, equals);
  if (unsigned id = 0; name.size() <= 3) {
    const auto end = std::from_chars(name.data(), name.data() + name.size(), id);
    if (end.ec != std::errc() || end.ptr != name.data() + name.size() || id > 255) {
      return make_error(ErrorCode::kInvalid,
                        "the id of a C12.22 key is 0 to 255, not \"" + std::string(name) + "\"");
    }
    return settings.c12_keys.add(static_cast<std::uint8_t>(id), key);
  }
  AMITY_TRY(const Bytes id, from_hex(name));
  if (id.size() != 4) {
    return make_error(ErrorCode::kInvalid, "the number of an M-Bus meter has 8 digits, not \"" +
                                               std::string(name) + "\"");
  }
  ByteReader reader(id);
  return settings.mbus_keys.add(*reader.u32(), key);
}

// One key a line, as for --key; '#' begins a comment.
Status add_key_file(const std::string& path, Settings& settings) {
  std::ifstream in(path);
  if (!in) return make_error(ErrorCode::kNotFound, path + ": cannot be read");
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    line.erase(std::min(line.find('#'), line.size()));
    std::erase_if(line, [](unsigned char c) { return std::isspace(c) != 0; });
    if (line.empty()) continue;
    if (const Status added = add_key(line, settings); !added.ok()) {
      return make_error(added.error().code,
                        path + ":" + std::to_string(number) + ": " + added.error().reason);
    }
  }
  return {};
}

// Meter models of a folder, beside those that are built in.
Status add_models(const std::string& folder, Settings& settings) {
  std::vector<std::pair<std::string, std::string>> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files.emplace_back(entry.path().filename().string(), read_all(in));
  }
  if (error) return make_error(ErrorCode::kNotFound, folder + ": " + error.message());
  std::vector<driver::ModelText> texts;
  for (const auto& [name, toml] : files) texts.push_back({name, toml});
  AMITY_TRY(settings.models, driver::load_models(texts));
  return {};
}

Status fill(const Arguments& arguments, Settings& settings) {
  decode::DecodeOptions& options = settings.options;
  for (const std::string& key : arguments.keys) AMITY_CHECK(add_key(key, settings));
  for (const std::string& file : arguments.key_files) AMITY_CHECK(add_key_file(file, settings));
  for (const std::string& text : arguments.auth_keys) {
    AMITY_TRY(Bytes key, key_from(text));
    options.keys.authentication.push_back(std::move(key));
  }
  if (!arguments.system_title.empty()) {
    AMITY_TRY(const Bytes title, from_hex(arguments.system_title));
    AMITY_TRY(options.keys.system_title, dlms::system_title_from(title));
  }
  if (!arguments.zone.empty()) {
    AMITY_TRY(settings.zone, TimeZone::find(arguments.zone));
    options.zone = &*settings.zone;
  }
  if (!arguments.protocol.empty()) {
    options.protocol = decode::protocol_from(arguments.protocol);
    if (!options.protocol) {
      return make_error(ErrorCode::kInvalid,
                        "\"" + arguments.protocol + "\" is no protocol that is decoded");
    }
  }
  if (arguments.inverted_deviation) options.deviation_sign = dlms::DeviationSign::kInverted;
  options.explain = arguments.explain;
  options.mbus_keys = &settings.mbus_keys;
  if (!arguments.base_title.empty()) {
    AMITY_TRY(c12::ApTitle base, c12::ap_title_from(arguments.base_title));
    settings.c12_keys.set_base(std::move(base));
  }
  options.c12_keys = &settings.c12_keys;
  if (arguments.meters.empty()) {
    AMITY_TRY(settings.models, driver::load_models());
  } else {
    AMITY_CHECK(add_models(arguments.meters, settings));
  }
  options.value_lists = &settings.models.value_lists();
  options.complete = [&models = settings.models](wire::Report& report) {
    if (const driver::MeterModel* model = models.find(report)) driver::complete(*model, report);
  };
  return {};
}

// One recording and where it stands in what was given.
struct Recording {
  std::string name;
  Result<Bytes> bytes;
};

// Hexadecimal text with a frame on every line is many recordings: only the whole of one line is
// looked at to say which protocol it is of.
std::optional<std::vector<Recording>> lines_of_frames(const std::string& name,
                                                      const std::string& content) {
  std::vector<Recording> lines;
  std::size_t number = 0, at = 0;
  while (at < content.size()) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    const std::string line = content.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto bytes = decode::bytes_from_hex_text(line);
    // A line may be a segment of a longer DLMS message; what has no frame around it is whole.
    if (!bytes.ok() ||
        (decode::recognise(*bytes) == decode::Protocol::kDlms && !decode::is_bare_apdu(*bytes)))
      return std::nullopt;
    lines.push_back({name + ":" + std::to_string(number), std::move(bytes)});
  }
  return lines.size() > 1 ? std::optional(std::move(lines)) : std::nullopt;
}

// Hexadecimal text or the bytes themselves.
std::vector<Recording> recordings_of(const std::string& name, const std::string& content) {
  if (decode::looks_like_hex(as_bytes(content))) {
    if (auto lines = lines_of_frames(name, content)) return std::move(*lines);
    std::vector<Recording> one;
    one.push_back({name, decode::bytes_from_hex_text(content)});
    return one;
  }
  const ByteView bytes = as_bytes(content);
  std::vector<Recording> one;
  one.push_back({name, Bytes(bytes.begin(), bytes.end())});
  return one;
}

void report(const std::string& name, const Error& error, Outcome& outcome) {
  ++outcome.bad;
  fmt::print(stderr, "{}: byte {}: {}: {}\n", name, error.offset, to_string(error.code),
             error.reason);
}

void show(const std::string& name, const std::vector<decode::DecodedFrame>& frames,
          Outcome& outcome) {
  for (const decode::DecodedFrame& frame : frames) {
    if (frame.json.ok()) {
      ++outcome.shown;
      fmt::print("{}\n", *frame.json);
      continue;
    }
    if (!frame.kept.empty()) fmt::print("{}\n", frame.kept);  // what was read before the error
    report(name, frame.json.error(), outcome);
  }
}

void decode_recording(const Recording& recording, decode::Decoder& decoder, Outcome& outcome) {
  if (!recording.bytes.ok()) return report(recording.name, recording.bytes.error(), outcome);
  const auto frames = decoder.decode(*recording.bytes);
  if (frames.empty()) {
    return report(recording.name, make_error(ErrorCode::kTruncated, "no whole message"), outcome);
  }
  show(recording.name, frames, outcome);
}

void decode_content(const std::string& name, const std::string& content,
                    const decode::DecodeOptions& options, Outcome& outcome) {
  decode::Decoder decoder(options);
  for (const Recording& recording : recordings_of(name, content))
    decode_recording(recording, decoder, outcome);
}

// What a frame at the end of a piece still lacks may come with the next one: it stays in `content`.
void decode_piece(std::string& content, const decode::DecodeOptions& options, Outcome& outcome) {
  const ByteView bytes = as_bytes(content);
  if (decode::looks_like_hex(bytes)) {
    if (content.find_last_of("\r\n") != content.size() - 1) return;  // within a line
    decode_content("-", content, options, outcome);
    return content.clear();
  }
  auto frames = decode::decode_stream(bytes, options);
  std::size_t kept = content.size();
  if (!frames.empty()) {
    const decode::DecodedFrame& last = frames.back();
    if (!last.json.ok() && last.json.error().code == ErrorCode::kTruncated) {
      kept = std::min(last.offset, content.size());
      frames.pop_back();
    }
  }
  show("-", frames, outcome);
  content.erase(0, kept);
}

// Frames as they come, for as long as they come; `content` holds the first of them.
void decode_frames(LiveInput& input, std::string& content, const decode::DecodeOptions& options,
                   Outcome& outcome) {
  decode::LiveDecoder decoder(options);
  do {
    show("-", decoder.add(as_bytes(content)), outcome);
    std::fflush(stdout);
    content.clear();
  } while (input.read(content));
  show("-", decoder.finish(), outcome);
  if (decoder.garbage_bytes() != 0) {
    report("-",
           make_error(ErrorCode::kMalformed,
                      fmt::format("{} bytes belong to no frame", decoder.garbage_bytes())),
           outcome);
  }
}

// As it comes, for as long as it comes.
void decode_live(int descriptor, const decode::DecodeOptions& options, Outcome& outcome) {
  LiveInput input(descriptor);
  std::string content;
  while (input.read(content)) {
    if (decode::begins_frame_stream(as_bytes(content), options))
      return decode_frames(input, content, options, outcome);
    if (input.ended()) break;
    if (content.size() <= kUnfinishedBytesMax) {
      decode_piece(content, options, outcome);
    } else {  // no frame is that long: what is wrong with it is said
      decode_content("-", content, options, outcome);
      content.clear();
    }
    std::fflush(stdout);
  }
  if (!content.empty() || outcome.shown + outcome.bad == 0)
    decode_content("-", content, options, outcome);
}

// False where there is no such file and the argument is no hexadecimal text either.
bool decode_input(const std::string& input, const decode::DecodeOptions& options,
                  Outcome& outcome) {
  if (input == "-") {
    decode_live(STDIN_FILENO, options, outcome);
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
      "Prints every frame of a recording as one JSON object: DLMS/COSEM (HDLC, TCP/UDP wrapper, "
      "bare APDU, ciphered), wireless and wired M-Bus, SML, DSMR P1, IEC 62056-21, ANSI C12.18 and "
      "C12.22, concentrator reports (STG), Modbus, OSGP requests, and what network analysers "
      "capture (pcap). The protocol is recognised by itself (OSGP and Meters and More, mm, are to "
      "be named).",
      "amity decode"};
  Arguments arguments;
  app.add_option("input", arguments.inputs,
                 "hexadecimal text (a frame on each line, or one recording), a file (binary, "
                 "hexadecimal or pcap), or - for stdin, decoded as it comes")
      ->required();
  app.add_option("--key", arguments.keys,
                 "key, hexadecimal, tried on every frame; 12345678=KEY, of one M-Bus meter; 2=KEY, "
                 "the C12.22 key "
                 "with that id; may be repeated");
  app.add_option("--key-file", arguments.key_files,
                 "file with one key a line, as for --key; # begins a comment");
  app.add_option("--auth-key", arguments.auth_keys,
                 "DLMS authentication key, hexadecimal; may be repeated");
  app.add_option("--system-title", arguments.system_title,
                 "the sender's system title, 16 digits, for frames that do not carry it");
  app.add_option("--zone", arguments.zone,
                 "time zone of meters that send none, e.g. Europe/Vienna");
  app.add_option("--base-title", arguments.base_title,
                 "the utility's base ApTitle, to complete relative titles of C12.22");
  app.add_option("--meters", arguments.meters,
                 "folder with meter models of your own (docs/formats/meter_model.md), beside the "
                 "built-in ones");
  app.add_option(
      "--protocol", arguments.protocol,
      "dlms, wmbus, mbus, sml, p1, iec62056-21, c1222, c1218, stg, modbus, osgp, mm (Meters and "
      "More in our own framing, not conformance-tested) or pcap, where it is not to be recognised");
  app.add_flag("--explain", arguments.explain,
               "add the layout: every byte of the frame, with its meaning");
  app.add_flag("--inverted-deviation", arguments.inverted_deviation,
               "the meter sends its offset with the sign opposite to the standard");
  app.footer(
      "Example:\n  amity decode "
      "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e\n"
      "  amity decode telegrams.hex --key 12345678=0102030405060708090A0B0C0D0E0F11 --explain\n"
      "  cat /dev/ttyUSB0 | amity decode -\n"
      "Exit codes: 0 all decoded, 2 usage, 3 bad input (file and byte offset on stderr; the rest "
      "is kept).");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  Settings settings;
  if (const Status status = fill(arguments, settings); !status.ok()) {
    fmt::print(stderr, "amity decode: {}\n", to_string(status.error()));
    return kExitUsage;
  }
  Outcome outcome;
  for (const std::string& input : arguments.inputs) {
    if (!decode_input(input, settings.options, outcome)) ++outcome.bad;
  }
  if (outcome.bad != 0) fmt::print(stderr, "{} decoded, {} not\n", outcome.shown, outcome.bad);
  return outcome.bad == 0 ? kExitDone : kExitBadInput;
}

}  // namespace amity::app
