#include "session/modbus/server.h"

namespace amity::modbus {

void Server::on_bytes(ByteView bytes) {
  stream_.add(bytes);
  while (!stream_.empty()) {
    auto found = find_frame(transport_, Sender::kClient, stream_.rest());
    if (!found.ok()) {
      stream_.drop(1);
      continue;
    }
    if (!found->has_value()) return;
    Frame frame = std::move((*found)->frame);
    stream_.take((*found)->size);
    if (frame.unit != unit_ && frame.unit != 0) continue;
    const Response response = answer(frame.pdu);
    if (transport_ == Transport::kRtu && frame.unit == 0) continue;
    frame.pdu.clear();
    encode_response(response, frame.pdu);
    encode_frame(transport_, frame, output_);
  }
}

Response Server::answer(ByteView pdu) {
  Response response;
  response.function = pdu.empty() ? std::uint8_t{0} : pdu[0];
  const auto request = decode_request(pdu);
  if (!request.ok()) {
    response.exception = request.error().code == ErrorCode::kUnsupported
                             ? Exception::kIllegalFunction
                             : Exception::kIllegalValue;
    return response;
  }
  response.address = request->address;
  if (request->values.empty()) {
    for (std::uint32_t i = 0; i < request->count; ++i) {
      const std::uint32_t address = request->address + i;
      const auto value = address > 0xFFFF ? std::nullopt
                                          : registers_->read(request->function,
                                                             static_cast<std::uint16_t>(address));
      if (!value) {
        response.exception = Exception::kIllegalAddress;
        return response;
      }
      response.values.push_back(*value);
    }
    return response;
  }
  for (std::size_t i = 0; i < request->values.size(); ++i) {
    const std::size_t address = request->address + i;
    response.exception = address > 0xFFFF ? Exception::kIllegalAddress
                                          : registers_->write(static_cast<std::uint16_t>(address),
                                                              request->values[i]);
    if (response.exception != Exception::kNone) return response;
  }
  response.count = request->function == Function::kWriteSingle
                       ? request->values[0]
                       : static_cast<std::uint16_t>(request->values.size());
  return response;
}

bool Server::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  append(out, output_);
  output_.clear();
  return true;
}

}  // namespace amity::modbus
