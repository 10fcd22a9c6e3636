// DataNotification, from a server that is connected and from one that is not.
#include "session/dlms/server_machine.h"

namespace amity::dlms {
namespace {

Bytes encode_notification(const Push& push) {
  DataNotification notification;
  notification.invoke.raw = push.invoke_id & 0x00FFFFFF;
  notification.date_time = push.date_time;
  notification.body = push.body;
  Bytes apdu;
  encode(notification, apdu);
  return apdu;
}

Result<Bytes> encode_protected(const Push& push, Protection& protection) {
  Bytes apdu = encode_notification(push);
  if (!push.security.needs_protection()) return apdu;
  Bytes sealed;
  AMITY_CHECK(protection.seal(apdu, push.security.control(), CipherForm::kGeneralGlobal, sealed));
  return sealed;
}

}  // namespace

Status Server::Machine::push(const Push& push, Instant now) {
  AMITY_TRY(const Bytes apdu, encode_protected(push, protection_));
  return link_.send_unsolicited(push.destination_sap, apdu, now);
}

Result<Bytes> encode_push(const ServerConfig& config, const Push& push,
                          InvocationCounters* counters) {
  Protection protection(&config.keys, counters, config.title);
  AMITY_TRY(const Bytes apdu, encode_protected(push, protection));
  Link link(&config.link, Side::kServer);
  link.open(Instant{});
  AMITY_CHECK(link.send_unsolicited(push.destination_sap, apdu, Instant{}));
  Bytes out;
  for (Bytes piece; link.poll_output(piece);) append(out, piece);
  return out;
}

}  // namespace amity::dlms
