// Answers that look over all meters.
import { cellOf, chance, iso, now } from './data.mjs';

const kAreas = ['segment', 'feeder', 'transformer', 'model'];

/** Of a list's items, those whose meter lies in the area asked for. */
export function inArea(devices, q, items) {
  const filters = kAreas.filter((f) => q.has(f)).map((f) => [f, q.get(f)]);
  return items.filter((item) => filters.every(([f, v]) => devices[item.device - 1][f] === v));
}

const kFilters = ['segment', 'feeder', 'transformer', 'model', 'status', 'commodity', 'protocol'];
const kSorts = ['serial', 'model', 'segment', 'status', 'last_contact', 'last_reading', 'completeness_24h', 'clock_offset_s', 'customer'];
const haystacks = new WeakMap();
const sorted = new Map();

function haystack(d) {
  let text = haystacks.get(d);
  if (text === undefined) haystacks.set(d, (text = ` ${[d.serial, d.service_point, d.customer, d.address, d.transformer].join(' ')}`.toLowerCase()));
  return text;
}

function inOrder(devices, key) {
  if (!sorted.has(key)) {
    const name = key.replace('-', ''), sign = key.startsWith('-') ? -1 : 1;
    const compare = (a, b) => (a === null ? -1 : b === null ? 1 : a < b ? -1 : 1);
    sorted.set(key, [...devices].sort((a, b) => (a[name] === b[name] ? a.id - b.id : sign * compare(a[name], b[name]))));
  }
  return sorted.get(key);
}

export function search(devices, q, bad) {
  const sort = q.get('sort') ?? 'serial', limit = Math.min(500, Number(q.get('limit') ?? 100)), from = Number(q.get('cursor') ?? 0);
  if (!kSorts.includes(sort.replace('-', ''))) bad();
  const words = (q.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean).map((w) => ` ${w}`);
  const filters = kFilters.filter((f) => q.has(f)).map((f) => [f, q.get(f)]);
  const items = [];
  let index = 0;
  for (const d of inOrder(devices, sort)) {
    if (filters.some(([f, v]) => d[f] !== v) || words.some((w) => !haystack(d).includes(w))) continue;
    if (index++ < from) continue;
    if (items.length === limit) return { items, next: String(from + limit) };
    items.push(d);
  }
  return { items, next: null };
}

export function segments(devices) {
  const by = new Map();
  for (const d of devices) {
    const s = by.get(d.segment) ?? { name: d.segment, devices: 0, reachable: 0, completeness: 0, last_contact: null, failures: 0 };
    by.set(d.segment, s);
    s.devices++;
    if (d.status === 'ok' || d.status === 'late') s.reachable++;
    s.completeness += d.completeness_24h ?? 1;
    if (d.last_contact > (s.last_contact ?? '')) s.last_contact = d.last_contact;
    if (d.status !== 'ok') s.failures += 3;
  }
  return [...by.values()].map((s) => ({ ...s, completeness: s.completeness / s.devices }));
}

export function overview(devices) {
  const n = (status) => devices.reduce((sum, d) => sum + (d.status === status), 0), at = now();
  const silent = n('silent'), late = n('late'), security = n('security');
  const off = devices.reduce((sum, d) => sum + (Math.abs(d.clock_offset_s ?? 0) > 30), 0);
  const reach = (100 * (devices.length - silent)) / devices.length;
  const tile = (key, title, value, unit, target, previous, better, state, link = '') => ({ key, title, value, unit, target, previous, better, state, link });
  return {
    now: iso(at), completeness_24h: 0.9871, rates: { readings_per_s: 930, meters_per_s: 39 },
    tiles: [
      tile('completeness', 'Complete, last 24 h', 98.71, '%', 99, 99.42, 'higher', 'p2', '/completeness'),
      tile('reachable', 'Meters reached', reach, '%', 99.5, 99.61, 'higher', reach < 99.5 ? 'p2' : 'normal', '/meters?status=silent'),
      tile('read_rate', 'Read success', 99.83, '%', 99.5, 99.8, 'higher', 'normal'),
      tile('clock', 'Clocks off by > 30 s', off, 'meters', 100, 431, 'lower', off > 100 ? 'p3' : 'normal', '/meters?sort=-clock_offset_s'),
      tile('commands_pending', 'Commands waiting', 12, '', 200, 31, 'lower', 'normal', '/commands'),
      tile('events_today', 'Events today', 1843 + Math.round(chance(at, 1) * 9), '', null, 2104, 'lower', 'normal', '/events'),
      tile('intake_lag', 'Intake lag', 0.4, 's', 5, 0.6, 'lower', 'normal'),
    ],
    cards: [
      { priority: 'p1', kind: 'security', title: 'Frames refused: replayed counter', count: security, since: iso(at - 9400), detail: 'The head-end answers no more until the keys are checked.', link: '/abnormal?kind=security' },
      { priority: 'p2', kind: 'silent', title: `${silent} meters silent over 24 h`, count: silent, since: iso(at - 96_000), detail: 'Most of them in cell-07, since one moment: look at the concentrator first.', link: '/abnormal?kind=silent' },
      { priority: 'p2', kind: 'incomplete', title: 'cell-07 short of readings', count: 1, since: iso(at - 31_000), detail: '65 % of the expected intervals of the last 10 hours.', link: '/completeness' },
      { priority: 'p3', kind: 'late', title: 'Meters late', count: late, since: iso(at - 18_000), detail: 'Heard today, but their last interval is older than 4 h.', link: '/abnormal?kind=late' },
      { priority: 'p3', kind: 'clock', title: 'Clocks off by more than 30 s', count: off, since: iso(at - 160_000), detail: 'Set on the next contact if the policy of the model allows it.', link: '/meters?sort=-clock_offset_s' },
    ],
  };
}

export function completeness(devices, q, from, to) {
  const kind = q.get('group') ?? 'segment', by = q.get('by') ?? 'hour', step = by === 'day' ? 86_400 : 3600;
  const filters = kFilters.filter((f) => q.has(f)).map((f) => [f, q.get(f)]);
  const groups = new Map();
  for (const d of devices) {
    if (filters.some(([f, v]) => d[f] !== v)) continue;
    const g = groups.get(d[kind]) ?? { id: d[kind], name: d[kind], devices: 0 };
    groups.set(d[kind], g);
    g.devices++;
  }
  const list = [...groups.values()], times = [];
  for (let end = Math.ceil((from + step) / step) * step; end <= Math.min(to, now()); end += step) times.push(end);
  const salt = kind.length;
  return { from: iso(from), to: iso(to), by, groups: list, times: times.map(iso), cells: list.flatMap((g, i) => times.map((end) => cellOf(salt, i, g.devices, end, by))) };
}

const kTrouble = { security: ['p1', 'invocation counter replayed: frames refused'], silent: ['p2', 'not heard, three calls in a row failed'], late: ['p3', 'its last interval is older than 4 h'] };

export function abnormal(devices, q) {
  const kinds = Object.keys(kTrouble).filter((k) => !q.get('kind') || k === q.get('kind')), from = Number(q.get('cursor') ?? 0), limit = Number(q.get('limit') ?? 100);
  const all = kinds.flatMap((kind) => devices.filter((d) => d.status === kind).map((d) => ({ priority: kTrouble[kind][0], kind, device: d.id, serial: d.serial, since: d.last_contact, text: kTrouble[kind][1], segment: d.segment })));
  const kept = inArea(devices, q, all);
  return { items: kept.slice(from, from + limit), next: from + limit < kept.length ? String(from + limit) : null };
}

/** Transformers and feeders with what is lost in them: every seventh is measured, one of them loses more than it should. */
export function balances(devices, q) {
  const kind = q.get('kind') ?? 'transformer', sums = new Map();
  const areaOf = (d) => `${d.address.split(' ').slice(1, 2)} Bay`, classOf = (d) => (d.id % 17 ? 'residential' : 'commercial');
  if (kind !== 'meter') for (const d of devices) {
    const name = kind === 'area' ? areaOf(d) : kind === 'class' ? classOf(d) : d[kind];
    const sum = sums.get(name) ?? { kind, id: sums.size + 1, name, feeder: kind === 'transformer' ? d.feeder : '', commodity: 'electricity', unit: 'Wh', meters: 0, unread: 0, delivered: 0 };
    sum.meters++;
    sum.delivered += 9000 + Math.floor(chance(d.id, 77) * 40_000);
    sums.set(name, sum);
  }
  if (kind === 'meter') for (const m of virtualMeters) sums.set(m.name, { kind, id: sums.size + 1, name: m.name, feeder: '', commodity: '', unit: m.unit, meters: m.terms.length, unread: 0, delivered: 41_000_000 });
  if (kind === 'area') sums.set('water', { kind, id: sums.size + 1, name: 'Harbour Bay', feeder: '', commodity: 'water', unit: 'l', meters: 212, unread: 3, delivered: 391_400 });
  const items = [...sums.values()].map((s, i) => {
    const measured = i % 7 === 0 && s.unread === 0 && kind !== 'meter', share = i === 14 ? 0.11 : 0.01 + (i % 5) / 400, supplied = Math.round(s.delivered / (1 - share)), exported = kind === 'meter' ? null : i % 3 ? 0 : Math.round(s.delivered / 12), loss = supplied - s.delivered, uncertainty = Math.round(supplied * 0.02);
    return {
      ...s, imported: exported === null ? null : s.delivered + exported, exported, fed_in: measured ? supplied : null, fed_back: measured ? 0 : null, quality: i % 3 ? 'actual' : 'estimated', days: 7, days_incomplete: i % 9 === 0 ? 1 : 0, days_left_out: i % 9 === 0 ? 1 : 0, significant: measured && loss > uncertainty,
      supplied: measured ? supplied : null, loss: measured ? loss : null, uncertainty: measured ? uncertainty : null, loss_percent: measured ? Math.round(loss / supplied * 10_000) / 100 : null,
    };
  }).sort((a, b) => Number(b.significant) - Number(a.significant) || (b.loss_percent ?? -1) - (a.loss_percent ?? -1) || b.delivered - a.delivered);
  return { from: q.get('from'), to: q.get('to'), items };
}

export const virtualMeters = [
  { name: 'Town, at the substation', unit: 'Wh', fixed: true, terms: [{ feeder: 'F-01', coefficient: '1' }, { feeder: 'F-02', coefficient: '1' }] },
  { name: 'Rest of F-01', unit: 'Wh', fixed: false, terms: [{ meter: 'Town, at the substation', coefficient: '1' }, { feeder: 'F-02', coefficient: '-1' }, { serial: 'NDR40000003', channel: 'export', coefficient: '-0.5' }] },
];

/** One sum by local day, week or month; a whole week has seven of the same days. */
export function sums(q) {
  const day_ms = 86_400_000, span = q.get('span') ?? 'day', rows = new Map();
  const date = (at) => new Date(at).toISOString().slice(0, 10);
  for (let at = Date.parse(q.get('from')); at <= Date.parse(q.get('to')); at += day_ms) {
    const d = new Date(at), monday = at - ((d.getUTCDay() + 6) % 7) * day_ms, first = Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1);
    const [from, to] = span === 'day' ? [at, at] : span === 'week' ? [monday, monday + 6 * day_ms] : [first, Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)];
    const row = rows.get(from) ?? { from: date(from), to: date(to), sum: 0, days: 0, days_incomplete: 0, quality: 'actual' };
    row.days++;
    row.sum += 5_600_000 + Math.floor(chance(at / day_ms, 5) * 900_000);
    rows.set(from, row);
  }
  return { kind: q.get('kind') ?? 'transformer', name: q.get('name'), span, from: q.get('from'), to: q.get('to'), unit: q.get('commodity') === 'water' ? 'l' : 'Wh', items: [...rows.values()] };
}
