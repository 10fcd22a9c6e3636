// Devices, readings, export, commands: what comes out for what is in the store.
#include <set>

#include "api/series.h"
#include "api/directory.h"
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

class DataTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    serve();
    client_ = std::make_unique<Client>(server_->local());
    client_->auth = key_for("operator");
  }
  void TearDown() override {
    client_.reset();
    ServerTest::TearDown();
  }
  std::unique_ptr<Client> client_;
};

TEST_F(DataTest, PagesCoverEveryDeviceOnce) {
  for (const std::string sort :
       {"serial", "-completeness_24h", "last_contact", "segment", "-customer"}) {
    std::set<int> seen;
    std::string cursor;
    int pages = 0;
    do {
      const Answer answer = client_->get("/api/v1/devices?limit=150&sort=" + sort +
                                         (cursor.empty() ? "" : "&cursor=" + cursor));
      ASSERT_EQ(answer.status, 200) << answer.body;
      const json page = answer.parsed();
      for (const auto& row : page["items"])
        EXPECT_TRUE(seen.insert(row["id"].get<int>()).second) << "twice: " << row["id"];
      cursor = page["next"].is_null() ? "" : page["next"].get<std::string>();
      ++pages;
    } while (!cursor.empty() && pages < 20);
    EXPECT_EQ(seen.size(), kDevices) << sort;
    EXPECT_EQ(pages, 7);
  }
}

TEST_F(DataTest, SortingAndFilters) {
  const auto ids = [&](const std::string& query) {
    std::vector<int> all;
    const json page = client_->get("/api/v1/devices?limit=500&" + query).parsed();
    for (const auto& row : page["items"]) all.push_back(row["id"]);
    return all;
  };
  EXPECT_EQ(ids("status=silent&segment=B").size(), 50u) << "every twentieth";
  EXPECT_EQ(ids("model=E2&transformer=T-1").size(), 500u);
  EXPECT_EQ(ids("model=E2&transformer=2").size(), 0u) << "a transformer by its id";
  EXPECT_EQ(ids("commodity=water"), (std::vector<int>{3}));
  EXPECT_EQ(ids("commodity=unknown&q=ana"), std::vector<int>{1});
  EXPECT_EQ(ids("protocol=wmbus"), (std::vector<int>{3}));
  EXPECT_EQ(client_->get("/api/v1/devices?commodity=beer").status, 400);
  EXPECT_EQ(ids("q=ana"), std::vector<int>{1});
  EXPECT_EQ(ids("q=n%C3%BA"), std::vector<int>{1});
  EXPECT_EQ(ids("q=17%20mill").size(), 11u) << "17, 170..179";
  EXPECT_EQ(ids("q=ill").size(), 0u) << "only the beginning of a word";
  EXPECT_EQ(ids("segment=direct").size(), 0u);
  EXPECT_EQ(ids("segment=").size(), 0u) << "nobody is direct here";
  EXPECT_EQ(ids("segment=A").size(), 500u) << "cut at the limit";
  const auto late = ids("sort=last_contact");
  ASSERT_FALSE(late.empty());
  EXPECT_EQ(late.front() % 10, 0) << "never contacted comes first";
  EXPECT_EQ(client_->get("/api/v1/devices?sort=colour").status, 400);
  EXPECT_EQ(client_->get("/api/v1/devices?limit=501").status, 400);
  EXPECT_EQ(client_->get("/api/v1/devices?cursor=nonsense").status, 400);
  const std::string of_serial = client_->get("/api/v1/devices?limit=1").parsed()["next"];
  EXPECT_EQ(client_->get("/api/v1/devices?sort=status&cursor=" + of_serial).status, 400)
      << "of another sorting";
}

TEST_F(DataTest, ListsAreNarrowedToAnArea) {
  const auto abnormal = [&](const std::string& area) {
    return client_->get("/api/v1/abnormal?limit=500&" + area).parsed()["items"].size();
  };
  EXPECT_EQ(abnormal(""), 100u) << "every tenth";
  EXPECT_EQ(abnormal("segment=B"), 50u) << "every twentieth";
  EXPECT_EQ(abnormal("segment=B&transformer=T-2"), 0u) << "T-2 has the odd ones";
  EXPECT_EQ(abnormal("feeder=North%201"), 100u);
  EXPECT_EQ(abnormal("segment=direct"), 0u);
}

TEST(Area, DirectNamesTheMetersThatNoConcentratorReaches) {
  DirectoryRow direct, behind;
  behind.device.segment = "C-01";
  for (const std::string name : {"", "direct"}) {
    Area area;
    area.segment = name;
    EXPECT_TRUE(area.holds(direct)) << name;
    EXPECT_FALSE(area.holds(behind)) << name;
  }
  EXPECT_TRUE(Area{}.everything());
  EXPECT_TRUE(Area{}.holds(direct));
}

TEST_F(DataTest, OneDevice) {
  const json device = client_->get("/api/v1/devices/1").parsed();
  EXPECT_EQ(device["customer"], "Ana Núñez");
  EXPECT_EQ(device["transformer"], "T-2");
  EXPECT_EQ(device["feeder"], "North 1");
  ASSERT_EQ(device["channels"].size(), 2u);
  EXPECT_EQ(device["channels"][0]["first"], "2026-11-20T00:15:00Z");
  EXPECT_EQ(device["channels"][0]["last"], "2026-11-21T00:00:00Z");
  EXPECT_EQ(device["channels"][0]["last_value"], 196);
  EXPECT_EQ(device["channels"][1]["last_value"], 1234.567);
  EXPECT_EQ(device["neighbours"].size(), 50u);
  for (const std::string id : {"0", "1001", "99999999999999999999", "x"}) {
    EXPECT_EQ(client_->get("/api/v1/devices/" + id).status, 404) << id;
  }
}

TEST_F(DataTest, RawReadings) {
  const json r =
      client_->get("/api/v1/devices/1/readings?from=2026-11-20&to=2026-11-21&channel=import")
          .parsed();
  ASSERT_EQ(r["series"].size(), 1u);
  const json& s = r["series"][0];
  EXPECT_EQ(s["points"].size(), 95u);
  EXPECT_EQ(s["missing"], 1);
  EXPECT_EQ(s["estimated"], 1);
  EXPECT_EQ(s["points"][0], json::array({day_start().value + 900, 101, "A"}));
  EXPECT_EQ(s["points"][49], json::array({day_start().value + 51 * 900, 151, "E"}));
  EXPECT_EQ(client_->get("/api/v1/devices/1/readings?channel=absent").status, 404);
  EXPECT_EQ(client_->get("/api/v1/devices/1/readings?from=yesterday").status, 400);
  EXPECT_EQ(client_->get("/api/v1/devices/1/readings?from=2026-11-21&to=2026-11-20").status, 400);
  EXPECT_EQ(client_->get("/api/v1/devices/1/readings?from=1970-01-02&to=2026-11-20").status, 400);
}

TEST_F(DataTest, HoursAndDaysAddUp) {
  const json r = client_
                     ->get(
                         "/api/v1/devices/1/"
                         "readings?from=2026-11-20&to=2026-11-21&resolution=hour&channel=import")
                     .parsed();
  const json& points = r["series"][0]["points"];
  ASSERT_EQ(points.size(), 24u);
  EXPECT_EQ(points[0], json::array({day_start().value + 3600, 101 + 102 + 103 + 104, "A"}));
  EXPECT_EQ(points[12][2], "S") << "an interval is missing from this hour's sum";
  const json days = client_
                        ->get(
                            "/api/v1/devices/1/"
                            "readings?from=2026-11-20&to=2026-11-21&resolution=day&channel=import")
                        .parsed();
  ASSERT_EQ(days["series"][0]["points"].size(), 2u) << "a UTC day touches two days of Madrid";
}

TEST_F(DataTest, ExportGolden) {
  const Answer csv = client_->get(
      "/api/v1/devices/1/export?from=2026-11-20T12:00:00Z&to=2026-11-20T13:00:00Z&format=csv");
  EXPECT_EQ(csv.header("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_EQ(csv.header("Content-Disposition"), "attachment; filename=\"AM007919.csv\"");
  EXPECT_EQ(
      csv.body,
      "serial,channel,name,unit,utc,local,value,quality,flags\r\n"
      "AM007919,1,import,Wh,2026-11-20T12:15:00Z,2026-11-20T13:15:00+01:00,149,A,\r\n"
      "AM007919,1,import,Wh,2026-11-20T12:45:00Z,2026-11-20T13:45:00+01:00,151,E,estimated\r\n"
      "AM007919,1,import,Wh,2026-11-20T13:00:00Z,2026-11-20T14:00:00+01:00,152,A,\r\n");
  const Answer lines = client_->get(
      "/api/v1/devices/1/export?from=2026-11-20T23:50:00Z&to=2026-11-21T00:00:00Z&format=jsonl");
  EXPECT_EQ(lines.body,
            "{\"serial\":\"AM007919\",\"channel\":1,\"name\":\"import\",\"unit\":\"Wh\",\"utc\":"
            "\"2026-11-21T00:00:00Z\","
            "\"local\":\"2026-11-21T01:00:00+01:00\",\"value\":\"196\",\"quality\":\"A\",\"flags\":"
            "\"\"}\n"
            "{\"serial\":\"AM007919\",\"channel\":1001,\"name\":\"total\",\"unit\":\"Wh\",\"utc\":"
            "\"2026-11-21T00:00:00Z\","
            "\"local\":\"2026-11-21T01:00:00+01:00\",\"value\":\"1234.567\",\"quality\":\"A\","
            "\"flags\":\"\"}\n");
}

TEST_F(DataTest, LongExportIsStreamed) {
  std::vector<Reading> readings;
  for (int day = 1; day <= 200; ++day) {
    for (int i = 1; i <= 96; ++i)
      readings.push_back({ChannelId(7), day_start() - day * 86'400 + i * 900, i, {}});
  }
  std::sort(readings.begin(), readings.end(),
            [](const auto& a, const auto& b) { return a.time < b.time; });
  ASSERT_TRUE(store_->readings().apply(2, readings).ok());
  const Answer csv = client_->get("/api/v1/devices/7/export?from=2026-05-01&to=2026-11-21");
  EXPECT_EQ(csv.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.body.begin(), csv.body.end(), '\n')),
            1 + readings.size());
  EXPECT_EQ(client_->get("/healthz").status, 200) << "the connection goes on";
}

TEST_F(DataTest, CommandsAreIdempotentByKey) {
  const std::string key = "Idempotency-Key: 7b1f\r\n";
  const Answer first =
      client_->request("POST", "/api/v1/devices/1/commands", R"({"kind":"read_now"})", key);
  ASSERT_EQ(first.status, 202) << first.body;
  EXPECT_EQ(first.parsed()["state"], "queued");
  EXPECT_EQ(first.header("Location"),
            "/api/v1/commands/" + std::to_string(first.parsed()["id"].get<int>()));
  const Answer again =
      client_->request("POST", "/api/v1/devices/1/commands", R"({"kind":"read_now"})", key);
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.parsed()["id"], first.parsed()["id"]);
  EXPECT_EQ(services_->submitted, 1);
  EXPECT_EQ(
      client_->request("POST", "/api/v1/devices/1/commands", R"({"kind":"ping"})", key).status,
      409);
  EXPECT_EQ(
      client_->request("POST", "/api/v1/devices/2/commands", R"({"kind":"read_now"})", key).status,
      409);
  const Answer other =
      client_->request("POST", "/api/v1/devices/1/commands", R"({"kind":"read_now"})");
  EXPECT_NE(other.parsed()["id"], first.parsed()["id"]);
  EXPECT_EQ(client_->get("/api/v1/commands?device=1").parsed()["items"].size(), 2u);
}

TEST_F(DataTest, CommandsThatAreWrongOrRefused) {
  const auto status = [&](const std::string& body) {
    return client_->request("POST", "/api/v1/devices/1/commands", body).status;
  };
  EXPECT_EQ(status("not json"), 400);
  EXPECT_EQ(status("[]"), 400);
  EXPECT_EQ(status(R"({"kind":"explode"})"), 400);
  EXPECT_EQ(status(R"({"kind":7})"), 400);
  EXPECT_EQ(status(R"({"kind":"ping","arguments":"typo"})"), 400);
  EXPECT_EQ(status(R"({"kind":"disconnect"})"), 403) << "by the desk";
  EXPECT_EQ(status("{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}"), 400);
  EXPECT_EQ(client_->request("POST", "/api/v1/devices/4711/commands", R"({"kind":"ping"})").status,
            404);
  EXPECT_EQ(client_->get("/api/v1/commands/4711").status, 404);
}

TEST(Series, MeansAndLastValues) {
  const Channel voltage{
      ChannelId(1), DeviceId(1), ChannelKind::kInterval, "voltage", "", Unit::kVolt, -1, 900, 1};
  const std::vector<Reading> readings = {{ChannelId(1), UtcSeconds(900), 2301, {}},
                                         {ChannelId(1), UtcSeconds(1800), 2304, {}}};
  std::string out;
  append_points(out, voltage, readings, Resolution::kHour, TimeZone::utc());
  EXPECT_EQ(out, R"([[3600,230.250,"A"]])");
  const Channel total{
      ChannelId(1), DeviceId(1), ChannelKind::kRegister, "total", "", Unit::kWattHour, 3, 0, 1};
  out.clear();
  append_points(out, total, readings, Resolution::kDay, TimeZone::utc());
  EXPECT_EQ(out, R"([[86400,2304000,"A"]])");
}

TEST(Series, AClockChangeDayIsOneBucket) {
  const auto madrid = TimeZone::find("Europe/Madrid");
  ASSERT_TRUE(madrid.ok());
  const Channel energy{
      ChannelId(1), DeviceId(1), ChannelKind::kInterval, "import", "", Unit::kWattHour, 0, 3600, 1};
  std::vector<Reading> readings;
  const UtcSeconds midnight(1'792'879'200);  // 2026-10-25T00:00+02:00: a day of 25 hours
  for (int hour = 1; hour <= 25; ++hour)
    readings.push_back({ChannelId(1), midnight + hour * 3600, 1, {}});
  std::string out;
  append_points(out, energy, readings, Resolution::kDay, *madrid);
  EXPECT_EQ(out, R"([[1792969200,25,"A"]])");
}

}  // namespace
}  // namespace amity::api::testing
