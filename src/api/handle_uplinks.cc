// Messages of devices, network servers and concentrators that come by HTTP.
#include "api/handler_support.h"

namespace amity::api {

namespace {

// Answered when what it brought is durable: a sender that gets no 202 sends again.
void take(Api& api, const Call& call, Respond respond) {
  const std::string source(call.path.at(0));
  api.services.take_uplink(
      source, call.request.body, [call, respond = std::move(respond)](const Status& status) {
        // The caller's credentials were right: what is wrong is the message.
        const bool message = !status.ok() && status.error().code == ErrorCode::kSecurity;
        if (message) return respond(failure(400, status.error().reason, call));
        if (!status.ok()) return respond(failure(status.error(), call));
        Json json;
        json.open().key("status").text("kept").close();
        Response response = ok(json);
        response.status = 202;
        respond(std::move(response));
      });
}

}  // namespace

void add_uplink_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kPost, "/api/v1/uplinks/{source}", Access::kOperator, Place::kWorker,
                    nullptr, take});
}

}  // namespace amity::api
