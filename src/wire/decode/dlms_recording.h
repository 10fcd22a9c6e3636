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
  DlmsConversation& conversation(const std::string& link, const Message& message);

  const DecodeOptions& options_;
  std::map<std::string, DlmsConversation> conversations_;
};

}  // namespace amity::decode
