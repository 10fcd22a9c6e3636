// A made-up utility of 100,000 meters: every figure is a function of (what, when) through a hash, so that two runs agree.

export const kZone = 'Australia/Sydney';
const kMeters = Number(process.env.MOCK_METERS ?? 100_000);
const kPerTransformer = 40, kTransformersPerFeeder = 50, kPerSegment = 2500;
const kInterval_s = 900;

/** 0..1 from any numbers. */
export function chance(...keys) {
  let h = 0x9e3779b9;
  for (const key of keys) {
    h = Math.imul(h ^ (key | 0), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}
const pick = (list, ...keys) => list[Math.floor(chance(...keys) * list.length)];
export const iso = (at) => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
export const now = () => Math.floor(Date.now() / 1000);

const kFirst = ['Amara', 'Bela', 'Chidi', 'Dora', 'Emre', 'Farah', 'Goran', 'Hana', 'Ivo', 'Jonas', 'Kira', 'Luca', 'Mina', 'Noor', 'Olga', 'Pavel', 'Rosa', 'Sven', 'Tomas', 'Uma', 'Vera', 'Wen', 'Yara', 'Zoltan'];
const kLast = ['Abbott', 'Baker', 'Costa', 'Dietrich', 'Eriksen', 'Fischer', 'Garcia', 'Haddad', 'Ivanov', 'Jensen', 'Kovacs', 'Lindqvist', 'Moreau', 'Novak', 'Okafor', 'Petrov', 'Rossi', 'Santos', 'Tanaka', 'Varga', 'Walsh', 'Yilmaz'];
const kStreets = ['Acacia', 'Banksia', 'Cedar', 'Dune', 'Elm', 'Fern', 'Grevillea', 'Harbour', 'Ironbark', 'Jacaranda', 'Kurrajong', 'Lilly', 'Mill', 'North', 'Orchard', 'Palm', 'Quarry', 'River', 'Station', 'Wattle'];
const kModels = [['NDR', 'ND10-1P'], ['NDR', 'ND30-3P'], ['KST', 'Kestrel 100'], ['KST', 'Kestrel 300'], ['AVN', 'Avon E2']];

const two = (n) => String(n).padStart(2, '0');
const transformerOf = (i) => Math.floor(i / kPerTransformer);
export const feederName = (i) => `F-${two(Math.floor(transformerOf(i) / kTransformersPerFeeder) + 1)}`;
export const transformerName = (i) => `T-${String(transformerOf(i) + 1).padStart(4, '0')}`;
export const segmentName = (i) => `cell-${two(Math.floor(i / kPerSegment) + 1)}`;

function statusOf(i) {
  const c = chance(i, 3);
  if (c < 0.0004) return 'security';
  if (segmentName(i) === 'cell-07' && c < 0.35) return 'silent';
  if (c < 0.004) return 'silent';
  if (c < 0.014) return 'late';
  return c > 0.998 ? 'new' : 'ok';
}

export function makeDevices() {
  const at = now();
  return Array.from({ length: kMeters }, (_, i) => {
    const [manufacturer, model] = kModels[Math.floor(chance(i, 1) ** 1.6 * kModels.length)];
    const status = statusOf(i);
    const age = { ok: 60 + chance(i, 4) * 800, late: 5 * 3600 + chance(i, 4) * 9000, silent: 26 * 3600 + chance(i, 4) * 4e5, security: 1e4, new: 0 }[status];
    const complete = { ok: chance(i, 5) < 0.03 ? 0.9 + chance(i, 6) * 0.1 : 1, late: 0.7 + chance(i, 6) * 0.2, silent: 0, security: 0.4, new: null }[status];
    return {
      id: i + 1, serial: `${manufacturer}${String(40_000_000 + i * 7 + Math.floor(chance(i, 7) * 7))}`, model, manufacturer,
      service_point: `SP${String(1_000_000 + i)}`, customer: `${pick(kFirst, i, 8)} ${pick(kLast, i, 9)}`,
      address: `${1 + Math.floor(chance(transformerOf(i), i, 10) * 180)} ${pick(kStreets, transformerOf(i), 11)} St`,
      segment: segmentName(i), transformer: transformerName(i), feeder: feederName(i), status,
      commodity: 'electricity', protocol: manufacturer === 'AVN' ? 'c1222' : 'dlms',
      last_contact: status === 'new' ? null : iso(at - age), last_reading: status === 'new' ? null : iso(Math.floor((at - age) / kInterval_s) * kInterval_s),
      completeness_24h: complete === null ? null : Math.round(complete * 96) / 96,
      clock_offset_s: status === 'new' ? null : chance(i, 12) < 0.005 ? Math.round(chance(i, 13) * 400 - 120) : Math.round(chance(i, 13) * 6 - 3),
    };
  });
}

export const channelsOf = (id) => [
  ['import', '1-0:1.29.0*255', 'interval', 'Wh', 0], ['export', '1-0:2.29.0*255', 'interval', 'Wh', 0],
  ['reactive_import', '1-0:3.29.0*255', 'interval', 'varh', 0], ['voltage_l1', '1-0:32.27.0*255', 'interval', 'V', -1],
  ['import_total', '1-0:1.8.0*255', 'register', 'Wh', 0], ['export_total', '1-0:2.8.0*255', 'register', 'Wh', 0],
].map(([name, source, kind, unit, exponent], n) => ({ id: id * 8 + n, name, source, kind, unit, exponent, interval_s: kind === 'interval' ? kInterval_s : 0, n }));

function hourOfDay(at) {
  return ((at + 11 * 3600) / 3600) % 24;
}
const bump = (h, centre, width) => Math.exp(-(((h - centre) / width) ** 2));

export function valueOf(id, n, at) {
  const h = hourOfDay(at), slot = Math.floor(at / kInterval_s), noise = chance(id, n, slot);
  const load = 45 + 120 * bump(h, 7.5, 1.5) + 260 * bump(h, 19, 2.5) + (chance(id, 21, Math.floor(slot / 3)) > 0.93 ? 420 : 0) + noise * 60;
  const sun = chance(id, 20) < 0.6 ? 620 * bump(h, 13, 3) * (0.55 + 0.45 * chance(Math.floor(slot / 2), 22)) : 0;
  if (n === 0) return Math.max(0, Math.round(load - sun));
  if (n === 1) return Math.max(0, Math.round(sun - load));
  if (n === 2) return Math.round(load * (0.18 + 0.08 * noise));
  if (n === 3) return Math.round((236 - load / 120 + sun / 110 + noise * 2.4) * 10) / 10;
  return Math.round(4_000_000 + id * 1000 + (n === 4 ? 0.42 : 0.18) * (at - 1.75e9) / 3.6 / 10);
}

/** Whether a meter lacks an interval: an outage yesterday, a link hole three days ago, single losses. */
export function lacks(id, at) {
  const day = Math.floor(now() / 86_400) * 86_400;
  if (at > day - 20 * 3600 && at <= day - 17.25 * 3600) return 'outage';
  if (at > day - 68 * 3600 && at <= day - 63 * 3600) return 'link';
  return chance(id, 30, Math.floor(at / kInterval_s)) < 0.002 ? 'loss' : '';
}

export function quality(id, at) {
  const day = Math.floor(now() / 86_400) * 86_400;
  if (at > day - 40 * 3600 && at <= day - 37 * 3600) return 'E';
  return chance(id, 31, Math.floor(at / kInterval_s)) < 0.004 ? 'S' : 'A';
}

export function seriesOf(id, channel, from, to, resolution) {
  const step = resolution === 'day' ? 86_400 : resolution === 'hour' ? 3600 : kInterval_s;
  const end = Math.min(to, now() - 300);
  const out = { channel: channel.id, name: channel.name, unit: channel.unit, interval_s: channel.interval_s, kind: channel.kind, points: [], missing: 0, estimated: 0 };
  if (channel.kind === 'register') {
    for (let at = Math.ceil(from / 86_400) * 86_400 - 39_600; at <= end; at += 86_400) if (at > from) out.points.push([at, valueOf(id, channel.n, at), 'A']);
    return out;
  }
  for (let at = Math.floor(from / step) * step + step; at <= end; at += step) {
    if (lacks(id, at)) { out.missing += step / kInterval_s; continue; }
    const letter = quality(id, at);
    if (letter === 'E') out.estimated++;
    let value = valueOf(id, channel.n, at);
    if (step > kInterval_s && channel.unit !== 'V') for (let k = 1; k < step / kInterval_s; k++) value += valueOf(id, channel.n, at - k * kInterval_s);
    out.points.push([at, value, letter]);
  }
  return out;
}

const kHappenings = [
  ['power', 'medium', 1, 'power down', '0-0:99.98.4*255'], ['power', 'info', 2, 'power up', '0-0:99.98.4*255'], ['clock', 'info', 4, 'clock adjusted: old time', '0-0:99.98.0*255'],
  ['tamper', 'high', 40, 'terminal cover removed', '0-0:99.98.1*255'], ['quality', 'low', 76, 'voltage swell L1', '0-0:99.98.5*255'], ['comms', 'info', 0, 'association established', 'headend'],
  ['security', 'high', 0, 'invocation counter replayed: frame refused', 'headend'], ['device', 'info', 10, 'firmware ready for activation', '0-0:99.98.0*255'],
];

export function eventsOf(device, from, to) {
  const day = Math.floor(now() / 86_400) * 86_400, out = [];
  const add = (at, k) => { const [category, severity, code, text, source] = kHappenings[k]; out.push({ time: iso(at), category, severity, code, source, text, device: device.id, serial: device.serial }); };
  add(day - 20 * 3600 + 37, 0);
  add(day - 17.25 * 3600 - 12, 1);
  for (let at = Math.ceil(from / 3600) * 3600; at < Math.min(to, now()); at += 3600) {
    const c = chance(device.id, 40, at / 3600);
    if (c < 0.06) add(at + Math.floor(c * 50_000), c < 0.002 ? 3 : c < 0.004 ? 6 : c < 0.02 ? 4 : c < 0.03 ? 2 : 5);
  }
  return out.filter((e) => e.time >= iso(from) && e.time <= iso(to)).sort((a, b) => b.time.localeCompare(a.time));
}

export function anyEvent(devices, at) {
  const device = devices[Math.floor(chance(at, 50) * devices.length)];
  const [category, severity, code, text, source] = pick(kHappenings, at, 51);
  return { time: iso(at), category, severity, code, source, text, device: device.id, serial: device.serial };
}

/** Received of expected for a group (0-based) and an interval end. */
export function cellOf(kind, g, devices, end, by) {
  const span = by === 'day' ? 24 : 1, expected = devices * 4 * span, hour = Math.floor(end / 3600);
  let share = chance(kind, g, hour, 60) < 0.05 ? chance(kind, g, hour, 61) * 0.03 : 0;
  const salt = g * 37 + kind;
  if (salt % 11 === 6 && hour % 60 > 41 && hour % 60 < 52) share = 0.35 + 0.3 * chance(g, hour);
  if (salt % 17 === 3 && hour % 90 > 60) share = Math.max(share, 0.08 * chance(g, Math.floor(hour / 4)));
  if (hour % 71 === 20) share = Math.max(share, 0.12);
  return [Math.round(expected * (1 - share)), expected];
}
