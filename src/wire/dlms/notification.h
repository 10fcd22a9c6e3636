// What a meter sends unasked: DataNotification and EventNotification. encode() appends the APDU,
// tag included.
#pragma once

#include "wire/dlms/types.h"

namespace amity::dlms {

struct DataNotification {
  LongInvokeId invoke;
  ByteView date_time;  // empty or 12 bytes (some meters send a tagged octet string; only its
                       // content is here)
  ByteView body;       // encoded value
};

struct DataNotificationConfirm {
  LongInvokeId invoke;
  ByteView date_time;
};

struct EventNotification {
  ByteView time;  // empty where absent
  AttributeRef attribute;
  ByteView value;  // encoded
};

void encode(const DataNotification& apdu, Bytes& out);
void encode(const DataNotificationConfirm& apdu, Bytes& out);
void encode(const EventNotification& apdu, Bytes& out);

}  // namespace amity::dlms
