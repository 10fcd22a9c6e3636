// Signing in, roles, CSRF, keys, limits per principal.
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

class SessionTest : public ServerTest {
 protected:
  static Answer sign_in(Client& client, const std::string& user, const std::string& password) {
    return client.request("POST", "/api/v1/session",
                          json{{"user", user}, {"password", password}}.dump());
  }
  // Signs in and keeps the cookie; returns the CSRF token's field.
  static std::string signed_in(Client& client, const std::string& user,
                               const std::string& password) {
    const Answer answer = sign_in(client, user, password);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const std::string cookie = answer.header("Set-Cookie");
    client.auth = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
    return "X-CSRF-Token: " + answer.parsed()["csrf"].get<std::string>() + "\r\n";
  }
};

TEST_F(SessionTest, SignInGivesACookieThatScriptsCannotRead) {
  serve();
  Client client(server_->local());
  const Answer answer = sign_in(client, "admin", "correct horse battery");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.parsed()["user"], "admin");
  EXPECT_EQ(answer.parsed()["role"], "admin");
  const std::string cookie = answer.header("Set-Cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  EXPECT_EQ(cookie.find("Secure"), std::string::npos) << "not over plain HTTP";
}

TEST_F(SessionTest, WrongPasswordAndUnknownUserLookTheSame) {
  serve();
  Client client(server_->local());
  const Answer wrong = sign_in(client, "admin", "not the password");
  const Answer unknown = sign_in(client, "nobody", "not the password");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(wrong.body, unknown.body);
  EXPECT_EQ(wrong.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(client.get("/api/v1/session").status, 401);
}

TEST_F(SessionTest, GuessingIsThrottledEvenWithTheRightPassword) {
  serve();
  Client client(server_->local());
  int refused = 0;
  for (int i = 0; i < 6 && refused == 0; ++i)
    refused = sign_in(client, "admin", "guess").status == 429 ? i : 0;
  EXPECT_EQ(refused, 5) << "five failures are free";
  const Answer throttled = sign_in(client, "admin", "correct horse battery");
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(throttled.header("Retry-After"), "1");
  clock.move(2);
  EXPECT_EQ(sign_in(client, "admin", "correct horse battery").status, 200);
}

TEST_F(SessionTest, UnsafeRequestsOfACookieNeedTheToken) {
  serve();
  Client client(server_->local());
  const std::string csrf = signed_in(client, "admin", "correct horse battery");
  const std::string body = json{{"name", "robot"}, {"role", "viewer"}}.dump();
  EXPECT_EQ(client.request("POST", "/api/v1/api-keys", body).status, 403);
  EXPECT_EQ(client.request("POST", "/api/v1/api-keys", body, "X-CSRF-Token: wrong\r\n").status,
            403);
  EXPECT_EQ(client.request("POST", "/api/v1/api-keys", body, csrf).status, 201);
  EXPECT_EQ(client.get("/api/v1/api-keys").parsed()["items"].size(), 1u);
}

TEST_F(SessionTest, ASessionEndsBySigningOutAndByTime) {
  options.auth_cache_ms = 0;
  serve();
  Client client(server_->local());
  const std::string csrf = signed_in(client, "admin", "correct horse battery");
  EXPECT_EQ(client.get("/api/v1/session").parsed()["user"], "admin");
  EXPECT_EQ(client.request("DELETE", "/api/v1/session", "", csrf).status, 204);
  EXPECT_EQ(client.get("/api/v1/session").status, 401);

  signed_in(client, "admin", "correct horse battery");
  clock.move(13 * 3600);
  Client later(server_->local());
  later.auth = client.auth;
  EXPECT_EQ(later.get("/api/v1/session").status, 401);
}

TEST_F(SessionTest, RolesDecide) {
  serve();
  Client client(server_->local());
  const auto command = [&](const std::string& role) {
    client.auth = key_for(role);
    return client.request("POST", "/api/v1/devices/1/commands", R"({"kind":"ping"})").status;
  };
  EXPECT_EQ(command("viewer"), 403);
  EXPECT_EQ(command("operator"), 202);
  EXPECT_EQ(client.get("/api/v1/users").status, 403);
  client.auth = key_for("admin");
  EXPECT_EQ(client.get("/api/v1/users").status, 200);
  client.auth.clear();
  EXPECT_EQ(client.get("/api/v1/devices").status, 401);
  EXPECT_EQ(client.get("/healthz").status, 200);
}

TEST_F(SessionTest, KeysAreCheckedWholeAndRevokedAtOnce) {
  serve();
  Client admin(server_->local());
  admin.auth = key_for("admin");
  const Answer made =
      admin.request("POST", "/api/v1/api-keys", R"({"name":"robot","role":"viewer"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = made.parsed()["secret"];
  const std::string id = made.parsed()["id"];
  EXPECT_TRUE(secret.starts_with("amity_" + id + "_"));

  Client robot(server_->local());
  robot.auth = "Authorization: Bearer " + secret + "\r\n";
  EXPECT_EQ(robot.get("/api/v1/system").status, 200);
  robot.auth = "Authorization: Bearer " + secret.substr(0, secret.size() - 1) + "\r\n";
  EXPECT_EQ(robot.get("/api/v1/system").status, 401);
  robot.auth = "Authorization: Bearer amity_" + id + "_\r\n";
  EXPECT_EQ(robot.get("/api/v1/system").status, 401);
  robot.auth = "Authorization: Bearer " + secret + "\r\n";
  EXPECT_EQ(admin.request("DELETE", "/api/v1/api-keys/" + id).status, 204);
  EXPECT_EQ(robot.get("/api/v1/system").status, 401);
}

TEST_F(SessionTest, UsersAreAddedChangedAndShutOut) {
  serve();
  Client admin(server_->local());
  admin.auth = key_for("admin");
  const std::string ola =
      json{{"name", "ola"}, {"password", "a long password"}, {"role", "operator"}}.dump();
  EXPECT_EQ(admin.request("POST", "/api/v1/users", ola).status, 201);
  EXPECT_EQ(admin.request("POST", "/api/v1/users", ola).status, 409);
  EXPECT_EQ(
      admin.request("POST", "/api/v1/users", R"({"name":"x","password":"short","role":"viewer"})")
          .status,
      400);
  EXPECT_EQ(admin
                .request("POST", "/api/v1/users",
                         R"({"name":"x","password":"long enough","role":"king"})")
                .status,
            400);
  Client client(server_->local());
  signed_in(client, "ola", "a long password");
  EXPECT_EQ(client.get("/api/v1/session").parsed()["role"], "operator");
  EXPECT_EQ(admin.request("PATCH", "/api/v1/users/ola", R"({"disabled":true})").status, 200);
  EXPECT_EQ(client.get("/api/v1/session").status, 401);
  EXPECT_EQ(sign_in(client, "ola", "a long password").status, 401);
  EXPECT_EQ(admin.request("PATCH", "/api/v1/users/admin", R"({"role":"viewer"})").status, 409)
      << "the last administrator";
  EXPECT_EQ(admin.request("PATCH", "/api/v1/users/nobody", R"({"disabled":true})").status, 404);
}

TEST_F(SessionTest, ANewPasswordEndsOldSessions) {
  serve();
  Client client(server_->local());
  signed_in(client, "admin", "correct horse battery");
  Client admin(server_->local());
  admin.auth = key_for("admin");
  clock.move(1);
  EXPECT_EQ(
      admin.request("PATCH", "/api/v1/users/admin", R"({"password":"another password"})").status,
      200);
  EXPECT_EQ(client.get("/api/v1/session").status, 401);
  clock.move(1);
  signed_in(client, "admin", "another password");
  EXPECT_EQ(client.get("/api/v1/session").status, 200);
}

TEST_F(SessionTest, RateLimitPerPrincipal) {
  options.requests_per_s = 1;
  options.requests_burst = 5;
  serve();
  Client client(server_->local());
  client.auth = key_for("viewer");
  int passed = 0;
  Answer last;
  for (int i = 0; i < 8; ++i) {
    last = client.get("/api/v1/system");
    passed += last.status == 200;
  }
  EXPECT_EQ(passed, 5);
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(last.header("Retry-After"), "1");
  client.auth = key_for("viewer");
  EXPECT_EQ(client.get("/api/v1/system").status, 200) << "another key has its own";
}

TEST_F(SessionTest, FirstAdministratorOnlyOnce) {
  serve();
  const auto again = server_->bootstrap("");
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->has_value());
}

}  // namespace
}  // namespace amity::api::testing
