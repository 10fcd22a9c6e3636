// Takes protection off APDUs with the keys at hand, and joins general blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/security.h"

namespace amity::decode {

struct Keys {
  std::vector<Bytes> encryption;
  std::vector<Bytes> authentication;
  std::optional<dlms::SystemTitle> system_title;  // of the sender, for APDUs that do not carry it
};

struct Security {
  std::string mode = "none";  // auth, enc, authenc
  bool ok = true;             // opened; and, where there is a tag, the tag was right
  std::string reason;         // where not ok
  std::optional<int> suite;
  std::optional<std::uint32_t> invocation_counter;
  Bytes system_title;
};

struct Opened {
  Bytes apdu;  // plain, or the ciphered one where it could not be opened
  Security security;
};

// Nothing of a ciphered APDU is shown before its tag was found right. Without a tag (mode "enc")
// the key is taken whose plain text is an APDU.
Result<Opened> open_apdu(ByteView apdu, const Keys& keys);

// Joins GeneralBlockTransfer of one conversation; anything else passes through.
class BlockJoiner {
 public:
  // The whole APDU, or nullopt while blocks are missing.
  Result<std::optional<Bytes>> add(ByteView apdu);

 private:
  Bytes joined_;
  std::uint16_t next_block_ = 1;
};

}  // namespace amity::decode
