// The JSON of validated days and edits.
#include "api/handler_support.h"

namespace amity::api {

void put_amount(Json& json, std::string_view key, std::int64_t value, int exponent) {
  std::string text;
  append_decimal(text, value, exponent);
  json.key(key).raw(text);
}

void put_vee_day(Json& json, const VeeDay& day, const Channel& channel) {
  json.key("channel").number(day.channel.value).key("date").text(date_text(day.day));
  json.key("device").number(channel.device.value);
  json.key("name").text(channel.name).key("unit").text(symbol(channel.unit));
  json.key("start").time(day.start).key("end").time(day.end());
  json.key("intervals").number(std::uint64_t{day.slots()}).key("interval_s").number(day.interval_s);
  json.key("revision").number(day.revision).key("state").text(to_string(day.state));
  json.key("worst").text(day.worst == 3 ? "fail" : day.worst == 2 ? "warn" : "pass");
  json.key("closure").text(to_string(day.closure));
  put_amount(json, "total", day.total, channel.exponent);
  const bool bounded = day.closure != DayClosure::kUnbounded && day.closure != DayClosure::kOpen;
  if (bounded) {
    put_amount(json, "register_advance", day.advance, channel.exponent);
  } else {
    json.key("register_advance").null();
  }
  put_amount(json, "at_stake", day.at_stake, channel.exponent);
  json.key("estimated").number(std::uint32_t{day.estimated});
  json.key("edited").number(std::uint32_t{day.edited});
  json.key("open").number(std::uint64_t{day.open_count()});
}

void put_edit(Json& json, const Edit& edit, const Channel* values_of) {
  json.open().key("id").number(edit.id.value).key("kind").text(to_string(edit.kind));
  json.key("state").text(to_string(edit.state)).key("days").open_list();
  for (const EditDay& d : edit.days) {
    json.open().key("channel").number(d.channel.value).key("date").text(date_text(d.day)).close();
  }
  json.close_list().key("intervals").number(std::uint64_t{edit.values.size()});
  if (values_of != nullptr) {
    json.key("values").open_list();
    for (const EditValue& v : edit.values) {
      json.open().key("time").time(v.time);
      put_amount(json, "value", v.value, values_of->exponent);
      json.close();
    }
    json.close_list();
  }
  json.key("undoes");
  edit.undoes.valid() ? json.number(edit.undoes.value) : json.null();
  json.key("reason").text(edit.reason).key("requested_by").text(edit.requested_by);
  json.key("requested").time(edit.requested).key("decided_by").text(edit.decided_by);
  json.key("decided").time(edit.decided).key("comment").text(edit.comment);
  json.key("result").text(edit.result).close();
}

}  // namespace amity::api
