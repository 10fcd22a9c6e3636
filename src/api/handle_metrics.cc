// Health and metrics (Prometheus text exposition format 0.0.4), and the description of the
// interface itself.
#include "api/handler_support.h"
#include "api/openapi.h"

namespace amity::api {

namespace {

void put_value(std::string& out, double value) {
  Json json;
  json.number(value);
  out += json.take();
  out += '\n';
}

void put_header(std::string& out, std::string_view name, std::string_view help,
                std::string_view type) {
  out += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) +
         " " + std::string(type) + "\n";
}

void put_simple(std::string& out, std::string_view name, std::string_view help,
                std::string_view type, double value) {
  put_header(out, name, help, type);
  out += std::string(name) + " ";
  put_value(out, value);
}

void put_requests(std::string& out, const Counters& c) {
  put_header(out, "amity_api_requests_total", "Requests answered, by class of status.", "counter");
  for (int i = 1; i <= 5; ++i) {
    out += "amity_api_requests_total{status=\"" + std::to_string(i) + "xx\"} ";
    put_value(out, static_cast<double>(c.by_class[i].load()));
  }
  put_header(out, "amity_api_request_duration_seconds", "From a request's last byte to its answer.",
             "histogram");
  std::uint64_t total = 0;
  for (int i = 0; i < 8; ++i) {
    total += c.duration_buckets[i].load();
    out += "amity_api_request_duration_seconds_bucket{le=\"";
    if (i < 7) {
      Json bound;
      bound.number(static_cast<double>(kDurationBucketsUs[i]) / 1e6);
      out += bound.take();
    } else {
      out += "+Inf";
    }
    out += "\"} " + std::to_string(total) + "\n";
  }
  out += "amity_api_request_duration_seconds_sum ";
  put_value(out, static_cast<double>(c.duration_sum_us.load()) / 1e6);
  out += "amity_api_request_duration_seconds_count " + std::to_string(total) + "\n";
}

void put_label(std::string& out, const std::string& name, const std::string& value) {
  out += name + "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

void put_departments(std::string& out, const std::vector<Metric>& metrics) {
  std::string last;
  for (const auto& metric : metrics) {
    if (metric.name != last)
      put_header(out, metric.name, metric.help, metric.counter ? "counter" : "gauge");
    last = metric.name;
    out += metric.name;
    if (!metric.labels.empty()) {
      out += '{';
      for (std::size_t i = 0; i < metric.labels.size(); ++i) {
        if (i != 0) out += ',';
        put_label(out, metric.labels[i].first, metric.labels[i].second);
      }
      out += '}';
    }
    out += ' ';
    put_value(out, metric.value);
  }
}

Response metrics(Api& api, const Call&) {
  const Counters& c = api.counters;
  std::string out;
  put_requests(out, c);
  const auto as_double = [](const auto& v) { return static_cast<double>(v.load()); };
  put_simple(out, "amity_api_sent_bytes_total", "Bytes of answers.", "counter",
             as_double(c.bytes_out));
  put_simple(out, "amity_api_connections", "Open connections.", "gauge", as_double(c.connections));
  put_simple(out, "amity_api_connections_refused_total", "Beyond the limit.", "counter",
             as_double(c.refused_connections));
  put_simple(out, "amity_api_streams", "Clients of the live stream.", "gauge",
             as_double(c.streams));
  put_simple(out, "amity_api_streams_dropped_total", "Live clients that were too slow.", "counter",
             as_double(c.dropped_streams));
  put_simple(out, "amity_api_stream_read_errors_total",
             "Times the live stream skipped facts that could not be read.", "counter",
             as_double(c.stream_read_errors));
  put_simple(out, "amity_api_logins_failed_total", "Sign-ins refused.", "counter",
             as_double(c.logins_failed));
  put_simple(out, "amity_api_rate_limited_total", "Requests answered 429.", "counter",
             as_double(c.rate_limited));
  put_departments(out, api.services.metrics());
  return Response(200, "text/plain; version=0.0.4; charset=utf-8", std::move(out));
}

Response healthy(Api&, const Call&) {
  return Response(200, "text/plain; charset=utf-8", "ok\n");
}

Response ready(Api& api, const Call& call) {
  if (const auto status = api.services.ready(); !status.ok())
    return failure(503, status.error().reason, call);
  return Response(200, "text/plain; charset=utf-8", "ready\n");
}

Response openapi(Api&, const Call&) {
  Response response;
  response.static_body = openapi_json();
  return response;
}

}  // namespace

void add_metric_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/metrics", Access::kMetrics, Place::kWorker, metrics, nullptr});
  routes.push_back({Method::kGet, "/healthz", Access::kAnyone, Place::kInline, healthy, nullptr});
  routes.push_back({Method::kGet, "/readyz", Access::kAnyone, Place::kInline, ready, nullptr});
  routes.push_back(
      {Method::kGet, "/openapi.json", Access::kAnyone, Place::kInline, openapi, nullptr});
}

}  // namespace amity::api
