// Messages of IEC 62056-21 clause 5: request, identification, acknowledgement with option select,
// data and programming messages with their block check character. Characters have seven bits; what
// arrives with the parity bit set is read without it.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "wire/iec62056_21/limits.h"

namespace amity::iec62056_21 {

inline constexpr std::uint8_t kSoh = 0x01, kStx = 0x02, kEtx = 0x03, kEot = 0x04, kAck = 0x06,
                              kNak = 0x15;

// "/?12345678!" CR LF; an empty address reaches every meter.
void encode_request(std::string_view address, Bytes& out);
Result<std::string> parse_request(ByteView line);  // the address

// "/ISK5\2MT382-1000" CR LF
struct Identification {
  std::string manufacturer;  // three letters
  char baud = '0';           // how the meter names its speed; the mode follows from it
  std::string options;       // characters behind backslashes; '2': HDLC (mode E)
  std::string text;          // 16 characters at most

  bool fast_reaction() const {  // a lower-case third letter: 20 ms instead of 200 ms
    return manufacturer.size() == 3 && manufacturer[2] >= 'a';
  }
};
Result<Identification> parse_identification(ByteView line);
void encode_identification(const Identification& identification, Bytes& out);

// A: fixed speed, no negotiation. B: the meter changes speed by itself ('A' to 'F'). C: the reader
// acknowledges
// ('0' to '6'). E: as C with HDLC on offer.
enum class Mode : char { kA = 'A', kB = 'B', kC = 'C', kE = 'E' };
Mode mode_of(const Identification& identification);
// 300 to 19,200; nullopt for a letter that names none.
std::optional<int> baud_of(char baud);

// ACK V Z Y CR LF: protocol ('0' normal, '2' HDLC), speed, what next ('0' readout, '1' programming,
// '2' HDLC).
struct OptionSelect {
  char protocol = '0', baud = '0', mode = '0';
};
void encode_option_select(const OptionSelect& option, Bytes& out);
Result<OptionSelect> parse_option_select(ByteView line);

// STX data "!" CR LF ETX BCC, of a readout; without the "!", of an answer in programming mode.
void encode_data(std::string_view data, Bytes& out);
// SOH P 1 STX (operand) ETX BCC; SOH B 0 ETX BCC where there is no data.
struct Command {
  char name = 'B';  // P password, W write, R read, E execute, B break
  char type = '0';
  std::string data;  // "1.8.0()", "(12345678)"
};
void encode_command(const Command& command, Bytes& out);

// XOR of all behind the first SOH or STX up to and with ETX.
std::uint8_t block_check(ByteView from_start_to_etx);

// What stands at the front of a stream.
struct Message {
  enum class Kind : std::uint8_t { kAccepted, kRefused, kLine, kOption, kData, kCommand };
  Kind kind = Kind::kLine;
  std::size_t size = 0;  // bytes taken from the stream
  std::string line;      // of a line or an option select, without its end
  std::string data;      // of a data message
  Command command;
};
// nullopt: more bytes are needed. An error's offset is the place in the message; a wrong BCC is
// kMalformed at the BCC. `noise` is how many bytes stood before the message.
Result<std::optional<Message>> read_message(ByteView stream, std::size_t& noise);

}  // namespace amity::iec62056_21
