// One telegram on its way through the layers. Of this room alone.
#pragma once

#include "wire/mbus/decoder.h"
#include "wire/mbus/layout.h"
#include "wire/mbus/transport_header.h"

namespace amity::mbus {

class Telegram {
 public:
  // decoder.frame_ holds the frame without CRCs; what is decrypted is decrypted in place.
  Telegram(Decoder& decoder, const KeyStore& keys, wire::Report& report, Layout& layout)
      : d_(decoder), keys_(keys), report_(report), layout_(layout) {}

  void set_link_address(const Address& address) { link_ = meter_ = address; }
  void set_wired() { wired_ = true; }
  void set_to_meter() { to_meter_ = true; }

  // From the CI-field at `at` on.
  Status layers(std::size_t at);
  void identify();

 private:
  ByteView frame() const { return d_.frame_; }
  ByteView rest(std::size_t at) const { return frame().subspan(at); }

  Status open_extended_link(const ExtendedLink& ell);
  Status transport(std::size_t at);
  void show_status(std::uint8_t status);

  // Opens what the configuration says is encrypted. False: the payload stays closed.
  bool open_payload();
  bool open_mode_5();
  bool open_mode_7();
  bool open_des();
  // A payload of 18 bytes of Apator's AT-WMBUS-NA-1: access number, one more, a block of mode 5.
  bool open_apator();
  bool mac_fits(const Key& key);
  bool mac_of_afl_fits();
  void refuse(std::string_view mode, std::string reason);

  Status contents();
  Status compact();
  Status fixed(std::size_t ci_at);
  Status application_error();
  void alarm();
  void unknown(std::size_t at, std::string id);
  void unknown_payload();

  Decoder& d_;
  const KeyStore& keys_;
  wire::Report& report_;
  Layout& layout_;
  Address link_, meter_;
  bool wired_ = false, to_meter_ = false;
  bool closed_ = false;  // something could not be opened
  Authentication afl_;
  TransportHeader header_;
  std::size_t plain_at_ = 0;  // payload that is not encrypted, or is open now
};

}  // namespace amity::mbus
