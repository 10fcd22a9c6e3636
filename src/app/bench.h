// What a benchmark kernel hands to `amity bench`, which prints it with load average, date and
// commit.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace amity::app {

struct BenchResult {
  std::string name;
  double figure = 0;
  std::string unit;
  bool lower_is_better = false;
  std::vector<std::pair<std::string, double>> details;
};

// 96 x 6 load profile through the generic parser, microseconds per buffer.
BenchResult bench_dlms_parse();
// SML, P1 and C12.22 messages to JSON on one core, messages per second of CPU time; the slowest is the figure.
BenchResult bench_frames_decode();
// Authenticated reads of one meter-day over HTTP, 64 connections; details: the same while readings are taken in.
BenchResult bench_api();

// Connect, HLS 5, one encrypted GET, release over loopback, 1,000 in flight; and the same bytes as bare TCP.
BenchResult bench_dlms_session();

// 100,000 idle associations across processes; bytes of ours per session.
BenchResult bench_sessions();

// The nightly read of a fleet over loopback sockets, encrypted, into the embedded store; meters per second.
BenchResult bench_read_fleet();

// Readings per second through the intake until they are durable and stored, fsync on; bytes per stored reading.
BenchResult bench_intake();

// Readings stored one interval at a time, bytes per reading, one channel-month, all channels of a day; the same in
// SQLite and PostgreSQL.
BenchResult bench_store();

// Encrypted wireless M-Bus telegrams of 10,000 configured meters to JSON on one core; telegrams per second.
BenchResult bench_wmbus_decode();

// Estimation of masked half hours of real homes: mean absolute error of the blend without registers, kWh; details: the
// other methods, other gaps, with registers.
BenchResult bench_vee_accuracy();

// Laying out, all rules and statistics of channel-days on one core, ns per reading.
BenchResult bench_mdm_rules();

// A day of quarter hours of 10,000, 100,000 and 1,000,000 channels through the intake until durable and stored, read
// back, all rules, estimation, energy by time of use: readings per second of CPU time, the slowest of the three.
BenchResult bench_mdm();

// Account-months of 2,976 quarter hours in memory to traced statements, on one core, per second of CPU time.
BenchResult bench_rate();

}  // namespace amity::app
