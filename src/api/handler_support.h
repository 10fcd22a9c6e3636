// What handlers share: errors to statuses, parameters, listings, the JSON of the model's types.
#pragma once

#include "api/api.h"
#include "api/json.h"

namespace amity::api {

inline Response ok(const Json& json) {
  return Response(200, "application/json", json.take());
}

inline Response created(const Json& json) {
  return Response(201, "application/json", json.take());
}

int status_of(const Error& error);
Response failure(const Error& error, const Call& call);
inline Response failure(int status, std::string_view detail, const Call& call) {
  return problem(status, detail, call.request.uri.path);
}

// Parameters. Absent gives the default; present and wrong is an error in words.
Result<UtcSeconds> time_parameter(const Call& call, std::string_view name, UtcSeconds otherwise);
Result<std::size_t> limit_parameter(const Call& call, std::size_t otherwise = 100,
                                    std::size_t most = 500);
Result<std::uint64_t> id_from(std::string_view text, std::string_view what);
// The device of the path; kNotFound when there is none.
Result<Device> device_of(Api& api, const Call& call);

// "view": raw (the default) or final.
Result<bool> final_view(const Call& call);
// A civil date, "2026-11-20", as days since 1970; and back.
Result<std::int32_t> date_from(std::string_view text, std::string_view what);
std::string date_text(std::int32_t day);
// The channel of the path; kNotFound when there is none.
Result<Channel> channel_of(Api& api, const Call& call);

struct TimeRange {
  UtcSeconds from, to;
};
// from < to, at most `span_max_s` apart; `to` defaults to now, `from` to `default_span_s` before
// it.
Result<TimeRange> range_parameters(Api& api, const Call& call, std::int64_t default_span_s,
                                   std::int64_t span_max_s);

// segment, feeder, transformer, model.
Area area_parameters(const Call& call);
// Drops the items whose device lies outside the call's area. May wait: for worker threads.
template <class Item>
Status keep_area(Api& api, const Call& call, std::vector<Item>& items) {
  const Area area = area_parameters(call);
  if (area.everything()) return {};
  AMITY_TRY(const auto directory, api.directory.fresh(api.services.system().devices));
  std::erase_if(items, [&](const Item& item) {
    const DirectoryRow* row = directory->find(item.device);
    return row == nullptr || !area.holds(*row);
  });
  return {};
}

// A cursor into a list that is made anew for every request: the place in it.
Result<std::size_t> offset_from_cursor(const Call& call, std::string_view kind);
std::string offset_cursor(std::string_view kind, std::size_t offset);
void put_next(Json& json, const std::string& cursor);

void put_event(Json& json, const Event& event, std::string_view serial);
void put_command(Json& json, const Command& command, std::string_view serial);
// With its values where `values_of`, their channel, is given.
void put_edit(Json& json, const Edit& edit, const Channel* values_of = nullptr);
// One validated day's facts as members of an object that is open.
void put_vee_day(Json& json, const VeeDay& day, const Channel& channel);
void put_amount(Json& json, std::string_view key, std::int64_t value, int exponent);
std::string overview_json(const Overview& overview);

}  // namespace amity::api
