#include "wire/decode/apdu_json.h"

#include "wire/dlms/datetime.h"

namespace amity::decode {
namespace {

using namespace dlms;  // NOLINT: this file names nearly every type of it

// One overload per APDU; each writes members of the object that is open.
class ApduPrinter {
 public:
  explicit ApduPrinter(JsonWriter& out) : out_(out) {}

  void operator()(const InitiateRequest& v) {
    if (!v.dedicated_key.empty()) text("dedicated_key", "present");
    flag("response_allowed", v.response_allowed);
    number("dlms_version", v.dlms_version);
    text("conformance", to_string(v.conformance));
    number("pdu_size_max", v.pdu_size_max);
  }
  void operator()(const InitiateResponse& v) {
    number("dlms_version", v.dlms_version);
    text("conformance", to_string(v.conformance));
    number("pdu_size_max", v.pdu_size_max);
    number("vaa_name", v.vaa_name);
  }
  void operator()(const Aarq& v) {
    text("application_context", to_string(v.context));
    octets("called_ap_title", v.called_ap_title);
    octets("calling_ap_title", v.calling_ap_title);
    octets("calling_ae_qualifier", v.calling_ae_qualifier);
    if (v.calling_ae_invocation_id) number("user_id", *v.calling_ae_invocation_id);
    if (v.mechanism) text("mechanism", to_string(*v.mechanism));
    octets("authentication_value", v.calling_authentication_value);
    nested("user_information", v.user_information);
  }
  void operator()(const Aare& v) {
    text("application_context", to_string(v.context));
    text("result", to_string(v.result));
    if (v.provider_diagnostic) {
      number("provider_diagnostic", v.diagnostic);
    } else {
      text("diagnostic", to_string(static_cast<AcseUserDiagnostic>(v.diagnostic)));
    }
    octets("responding_ap_title", v.responding_ap_title);
    octets("responding_ae_qualifier", v.responding_ae_qualifier);
    if (v.mechanism) text("mechanism", to_string(*v.mechanism));
    octets("authentication_value", v.responding_authentication_value);
    nested("user_information", v.user_information);
  }
  void operator()(const Rlrq& v) { release(v); }
  void operator()(const Rlre& v) { release(v); }

  void operator()(const GetRequestNormal& v) {
    invoke("normal", v.invoke);
    target(v.attribute);
    selection(v.access);
  }
  void operator()(const GetRequestNext& v) { block_number("next", v.invoke, v.block_number); }
  void operator()(const GetRequestWithList& v) {
    invoke("with-list", v.invoke);
    attributes(v.items);
  }
  void operator()(const GetResponseNormal& v) {
    invoke("normal", v.invoke);
    result(v.result);
  }
  void operator()(const GetResponseWithDataBlock& v) {
    invoke("with-data-block", v.invoke);
    text("result", to_string(v.result));
    block(DataBlock{v.last_block, v.block_number, v.raw_data});
  }
  void operator()(const GetResponseWithList& v) {
    invoke("with-list", v.invoke);
    list("results", v.results, [this](const DataOrResult& r) { result(r); });
  }

  void operator()(const SetRequestNormal& v) {
    invoke("normal", v.invoke);
    target(v.attribute);
    selection(v.access);
    value("data", v.data);
  }
  void operator()(const SetRequestWithFirstDataBlock& v) {
    invoke("with-first-data-block", v.invoke);
    target(v.attribute);
    selection(v.access);
    block(v.block);
  }
  void operator()(const SetRequestWithDataBlock& v) {
    invoke("with-data-block", v.invoke);
    block(v.block);
  }
  void operator()(const SetRequestWithList& v) {
    invoke("with-list", v.invoke);
    attributes(v.items);
    values(v.values);
  }
  void operator()(const SetRequestWithListAndFirstDataBlock& v) {
    invoke("with-list-and-first-data-block", v.invoke);
    attributes(v.items);
    block(v.block);
  }
  void operator()(const SetResponseNormal& v) {
    invoke("normal", v.invoke);
    text("result", to_string(v.result));
  }
  void operator()(const SetResponseDataBlock& v) {
    block_number("data-block", v.invoke, v.block_number);
  }
  void operator()(const SetResponseLastDataBlock& v) {
    block_number("last-data-block", v.invoke, v.block_number);
    text("result", to_string(v.result));
  }
  void operator()(const SetResponseLastDataBlockWithList& v) {
    block_number("last-data-block-with-list", v.invoke, v.block_number);
    results(v.results);
  }
  void operator()(const SetResponseWithList& v) {
    invoke("with-list", v.invoke);
    results(v.results);
  }

  void operator()(const ActionRequestNormal& v) {
    invoke("normal", v.invoke);
    target(v.method);
    if (v.parameters) value("parameters", *v.parameters);
  }
  void operator()(const ActionRequestNextBlock& v) {
    block_number("next-pblock", v.invoke, v.block_number);
  }
  void operator()(const ActionRequestWithList& v) {
    invoke("with-list", v.invoke);
    methods(v.methods);
    values(v.parameters);
  }
  void operator()(const ActionRequestWithFirstBlock& v) {
    invoke("with-first-pblock", v.invoke);
    target(v.method);
    block(v.block);
  }
  void operator()(const ActionRequestWithListAndFirstBlock& v) {
    invoke("with-list-and-first-pblock", v.invoke);
    methods(v.methods);
    block(v.block);
  }
  void operator()(const ActionRequestWithBlock& v) {
    invoke("with-pblock", v.invoke);
    block(v.block);
  }
  void operator()(const ActionResponseNormal& v) {
    invoke("normal", v.invoke);
    action_result(v.response);
  }
  void operator()(const ActionResponseWithBlock& v) {
    invoke("with-pblock", v.invoke);
    block(v.block);
  }
  void operator()(const ActionResponseWithList& v) {
    invoke("with-list", v.invoke);
    list("results", v.responses, [this](const ActionResponseItem& r) { action_result(r); });
  }
  void operator()(const ActionResponseNextBlock& v) {
    block_number("next-pblock", v.invoke, v.block_number);
  }

  void operator()(const ReadRequest& v) { variables(v.items); }
  void operator()(const ReadResponse& v) {
    list("results", v.results, [this](const ReadResult& r) { std::visit(*this, r); });
  }
  void operator()(const WriteRequest& v) {
    variables(v.items);
    values(v.values);
  }
  void operator()(const WriteResponse& v) {
    list("results", v.results, [this](const WriteResult& r) {
      if (r.block_number) return number("block_number", *r.block_number);
      text("result", to_string(r.result));
    });
  }
  void operator()(const UnconfirmedWriteRequest& v) {
    variables(v.items);
    values(v.values);
  }
  void operator()(const InformationReport& v) {
    if (!v.current_time.empty()) octets("current_time", v.current_time);
    variables(v.items);
    values(v.values);
  }
  // Parts of the short-name services.
  void operator()(const VariableName& v) { number("name", v.name); }
  void operator()(const ParameterizedAccess& v) {
    number("name", v.name);
    number("selector", v.selector);
    value("parameter", v.parameter);
  }
  void operator()(const BlockNumberAccess& v) { number("block_number", v.block_number); }
  void operator()(const ReadDataBlockAccess& v) {
    block(DataBlock{v.last_block, v.block_number, v.raw_data});
  }
  void operator()(const WriteDataBlockAccess& v) {
    flag("last_block", v.last_block);
    number("block_number", v.block_number);
  }
  void operator()(const DataOrResult& v) { result(v); }
  void operator()(const SnDataBlockResult& v) {
    block(DataBlock{v.last_block, v.block_number, v.raw_data});
  }
  void operator()(const SnBlockNumber& v) { number("block_number", v.block_number); }

  void operator()(const AccessRequest& v) {
    long_invoke(v.invoke, v.date_time);
    list("specifications", v.specifications,
         [this](const AccessSpecification& s) { specification(s); });
    values(v.values);
  }
  void operator()(const AccessResponse& v) {
    long_invoke(v.invoke, v.date_time);
    values(v.values);
    list("results", v.results, [this](const AccessResult& r) {
      text("result", r.kind == AccessKind::kAction
                         ? to_string(static_cast<ActionResult>(r.result))
                         : to_string(static_cast<DataAccessResult>(r.result)));
    });
  }
  void operator()(const DataNotification& v) {
    long_invoke(v.invoke, v.date_time);
    value("body", v.body);
  }
  void operator()(const DataNotificationConfirm& v) { long_invoke(v.invoke, v.date_time); }
  void operator()(const EventNotification& v) {
    date_time("time", v.time);
    target(v.attribute);
    value("value", v.value);
  }
  void operator()(const ExceptionResponse& v) { text("error", to_string(v)); }
  void operator()(const ConfirmedServiceError& v) { text("error", to_string(v)); }
  void operator()(const GeneralBlockTransfer& v) {
    flag("streaming", v.streaming);
    number("window", v.window);
    number("acknowledged", v.acknowledged);
    block(DataBlock{v.last_block, v.block_number, v.data});
  }
  void operator()(const ServiceCiphered& v) { octets("content", v.content); }
  void operator()(const GeneralGloDed& v) {
    octets("system_title", v.system_title);
    octets("content", v.content);
  }
  void operator()(const GeneralCiphering& v) {
    octets("transaction_id", v.transaction_id);
    octets("originator_system_title", v.originator_system_title);
    octets("recipient_system_title", v.recipient_system_title);
    octets("content", v.content);
  }
  void operator()(const GeneralSigning& v) {
    octets("originator_system_title", v.originator_system_title);
    octets("content", v.content);
    octets("signature", v.signature);
  }

 private:
  void text(std::string_view key, std::string_view v) { member(out_, key, v); }
  void number(std::string_view key, std::int64_t v) {
    put_key(out_, key);
    out_.Int64(v);
  }
  void flag(std::string_view key, bool v) {
    put_key(out_, key);
    out_.Bool(v);
  }
  void octets(std::string_view key, ByteView v) {
    if (!v.empty()) text(key, to_hex(v));
  }
  void date_time(std::string_view key, ByteView v) {
    if (v.empty()) return;
    const auto decoded = date_time_from(v);
    text(key, decoded.ok() ? to_string(*decoded) : to_hex(v));
  }
  void value(std::string_view key, ByteView encoded) {
    put_key(out_, key);
    write_value(encoded);
  }
  // A value that could be walked over may still be refused by the tree, by its limits.
  void write_value(ByteView encoded) {
    DataTree tree;
    if (const Status status = tree.parse(encoded); status.ok()) {
      write_data(out_, tree.root());
    } else {
      out_.StartObject();
      text("error", to_string(status.error()));
      octets("hex", encoded);
      out_.EndObject();
    }
  }
  void nested(std::string_view key, ByteView apdu) {
    if (apdu.empty()) return;
    const auto decoded = decode_apdu(apdu);
    if (!decoded.ok()) return octets(key, apdu);
    put_key(out_, key);
    write_apdu(out_, apdu[0], *decoded);
  }
  void invoke(std::string_view choice, InvokeId id) {
    text("choice", choice);
    number("invoke_id", id.id());
  }
  void long_invoke(LongInvokeId id, ByteView time) {
    number("invoke_id", id.id());
    date_time("date_time", time);
  }
  void block_number(std::string_view choice, InvokeId id, std::uint32_t n) {
    invoke(choice, id);
    number("block_number", n);
  }
  void target(const AttributeRef& v) {
    number("class", v.class_id);
    text("obis", to_string(v.instance));
    number("attribute", v.attribute);
  }
  void target(const MethodRef& v) {
    number("class", v.class_id);
    text("obis", to_string(v.instance));
    number("method", v.method);
  }
  void selection(const std::optional<SelectiveAccess>& v) {
    if (!v) return;
    number("selector", v->selector);
    value("parameters", v->parameters);
  }
  void specification(const AccessSpecification& s) {
    if (s.kind == AccessKind::kAction) {
      target(MethodRef{s.target.class_id, s.target.instance, s.target.attribute});
    } else {
      text("service",
           s.kind == AccessKind::kGet || s.kind == AccessKind::kGetSelective ? "get" : "set");
      target(s.target);
    }
  }
  void result(const DataOrResult& v) {
    text("result", to_string(v.result));
    if (v.ok()) value("data", v.data);
  }
  void action_result(const ActionResponseItem& v) {
    text("action_result", to_string(v.result));
    if (v.returned) result(*v.returned);
  }
  void block(const DataBlock& v) {
    flag("last_block", v.last_block);
    number("block_number", v.block_number);
    octets("raw_data", v.raw_data);
  }
  template <class Items, class Write>
  void list(std::string_view key, const Items& items, Write write) {
    put_key(out_, key);
    out_.StartArray();
    for (const auto& item : items) {
      out_.StartObject();
      write(item);
      out_.EndObject();
    }
    out_.EndArray();
  }
  void attributes(const std::vector<AttributeWithAccess>& items) {
    list("attributes", items, [this](const AttributeWithAccess& item) {
      target(item.attribute);
      selection(item.access);
    });
  }
  void methods(const std::vector<MethodRef>& items) {
    list("methods", items, [this](const MethodRef& item) { target(item); });
  }
  void variables(const std::vector<VariableAccess>& items) {
    list("variables", items, [this](const VariableAccess& item) { std::visit(*this, item); });
  }
  void results(const std::vector<DataAccessResult>& items) {
    put_key(out_, "results");
    out_.StartArray();
    for (DataAccessResult item : items) put(out_, to_string(item));
    out_.EndArray();
  }
  void values(const std::vector<ByteView>& items) {
    put_key(out_, "values");
    out_.StartArray();
    for (ByteView item : items) write_value(item);
    out_.EndArray();
  }
  template <class Release>
  void release(const Release& v) {
    if (v.reason) number("reason", *v.reason);
    nested("user_information", v.user_information);
  }

  JsonWriter& out_;
};

}  // namespace

void write_apdu(JsonWriter& out, std::uint8_t tag, const Apdu& apdu) {
  out.StartObject();
  member(out, "type", apdu_name(tag));
  std::visit(ApduPrinter(out), apdu);
  out.EndObject();
}

}  // namespace amity::decode
