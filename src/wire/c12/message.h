// The ACSE APDU of C12.22 (tag 60): who speaks to whom, about which exchange, and the EPSEM with
// its services, in the clear, authenticated or encrypted (C12.22-2008 clause 5.3.4).
// Segmented APDUs are not implemented: no public text here gives their form. Over TCP they do not
// occur; over UDP reads are kept within a datagram.
#pragma once

#include <map>
#include <optional>

#include "wire/c12/ap_title.h"
#include "wire/c12/eax_prime.h"

namespace amity::c12 {

enum class SecurityMode : std::uint8_t {
  kCleartext = 0,
  kAuthenticated = 1,  // cleartext with a MAC
  kEncrypted = 2,      // ciphertext with a MAC
};

enum class RespondWhen : std::uint8_t { kAlways = 0, kOnException = 1, kNever = 2 };

struct EpsemControl {
  bool recovery = false, proxy = false, ed_class = false;
  SecurityMode security = SecurityMode::kCleartext;
  RespondWhen respond = RespondWhen::kAlways;
  friend bool operator==(const EpsemControl&, const EpsemControl&) = default;
};
std::uint8_t to_byte(EpsemControl control);

// Calling authentication value of C12.22: which key, and the part of the cleartext that makes it
// unique (UTC seconds by the standard; the caller's business).
struct Authentication {
  std::uint8_t key_id = 0;
  std::array<std::uint8_t, 4> iv{};
  friend bool operator==(const Authentication&, const Authentication&) = default;
};

struct Header {
  Bytes aso_context;  // encoded object identifier; empty: that of C12.22
  ApTitle called, calling;
  std::optional<std::uint32_t> called_invocation, calling_invocation;
  Bytes calling_ae_qualifier, mechanism;  // contents of their elements, as they are
  std::optional<Authentication> authentication;
  EpsemControl control;
};

// What protected messages need. One thread at a time: the cipher contexts inside are reused.
class Keys {
 public:
  // Relative titles are completed by it before they are authenticated.
  void set_base(ApTitle base) {
    base_ = std::move(base);
    base_text_ = to_string(base_);
  }
  const ApTitle& base() const { return base_; }
  const std::string& base_text() const { return base_text_; }
  Status add(std::uint8_t key_id, ByteView key);  // 16 bytes; replaces
  EaxPrime* find(std::uint8_t key_id) const;      // nullptr: there is none
  Bytes& scratch() const { return scratch_; }     // of open() and seal()

 private:
  ApTitle base_;
  std::string base_text_;
  mutable std::map<std::uint8_t, EaxPrime> keys_;
  mutable Bytes scratch_;
};

// An APDU taken apart, its EPSEM as it came. Views point into the input.
struct Envelope {
  Header header;
  ByteView aso_context, called, calling, called_invocation, calling_invocation, ae_qualifier,
      mechanism, authentication;  // whole elements, as they came
  ByteView user_information;      // from BE to the EPSEM control, both included
  std::size_t payload_offset = 0;
  ByteView payload;      // what follows the control byte, without the MAC
  ByteView mac;          // empty in the clear
  std::size_t size = 0;  // of the APDU
};
Result<Envelope> parse_envelope(ByteView apdu);
Status parse_envelope(ByteView apdu, Envelope& out);  // replaces what `out` held
// How long the APDU at the front of a stream is; kTruncated: not known yet.
Result<std::size_t> apdu_size(ByteView stream);

// Appends the EPSEM content (ED class and services) to `out` once the MAC, where there is one, was
// found right. kNotFound: no such key; kSecurity: wrong.
Status open(const Envelope& envelope, const Keys& keys, Bytes& out);
// Appends the whole APDU. `payload`: ED class where the control says so, then the services.
Status seal(const Header& header, ByteView payload, const Keys& keys, Bytes& out);

// EPSEM content.
struct Epsem {
  std::optional<std::array<std::uint8_t, 4>> ed_class;
  struct Service {
    std::size_t offset = 0;  // in the content
    ByteView bytes;          // service code and parameters, or response code and data
  };
  std::vector<Service> services;
};
Result<Epsem> parse_epsem(ByteView content, bool has_ed_class);
// Replaces what `out` held, but keeps its memory.
Status parse_epsem(ByteView content, bool has_ed_class, Epsem& out);
void put_service(ByteView service, Bytes& out);

}  // namespace amity::c12
