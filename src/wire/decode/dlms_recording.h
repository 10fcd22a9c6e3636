// DLMS/COSEM messages of a recording as JSON: transports, segments, blocks, protection, contents.
#pragma once

#include <map>
#include <string>

#include "wire/decode/decode.h"
#include "wire/decode/dlms_conversation.h"
#include "wire/decode/message.h"

namespace amity::decode {

// The conversations of a recording, by who talks to whom: what was asked, blocks, scalers.
class DlmsRecording {
 public:
  // `options` outlive this.
  explicit DlmsRecording(const DecodeOptions& options) : options_(options) {}

  // In order; what cannot be read is an error with its offset, and the rest goes on. `link` tells
  // apart the connections of a network capture; empty: there is one.
  std::vector<DecodedFrame> decode(ByteView recording, const std::string& link);

 private:
  // A conversation, and the blocks of a message of it that is not whole yet.
  struct Said {
    DlmsConversation conversation;
    std::size_t offset = 0, frames = 0, bytes = 0;  // of the blocks
    std::vector<wire::Part> layout;                 // offsets from the first block's
  };
  Said& said_between(const std::string& link, const Message& message);
  // Adds what `message` is to the blocks before it.
  void take_block(Said& said, const Message& message) const;
  Result<std::string> to_json(Said& said, Message& message, ByteView apdu) const;

  const DecodeOptions& options_;
  std::map<std::string, Said> said_;
};

}  // namespace amity::decode
