// Validated days, their queue and edits that a second person approves: days are a function of (channel, date) until an edit
// of this run changes them.
import { channelsOf, chance, iso, kZone, lacks, now, valueOf } from './data.mjs';

const kStep_s = 900, kDays = 10, kApply_ms = 200, kPerMille = 8;
const parts = new Intl.DateTimeFormat('en-CA', { timeZone: kZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' });
const civil = (at) => Object.fromEntries(parts.formatToParts(at * 1000).map((p) => [p.type, p.value]));
export const dateOf = (at) => { const c = civil(at); return `${c.year}-${c.month}-${c.day}`; };
const shifted = (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
/** The instant a local date begins: the one of its neighbourhood whose civil time is midnight. */
function startOf(date) {
  for (let at = Date.parse(`${date}T00:00:00Z`) / 1000 - 14 * 3600; ; at += 3600) if (dateOf(at) === date) return at;
}

export class Vee {
  constructor(devices, emit, problem) {
    Object.assign(this, { devices, emit, problem, known: new Map(), edits: [], queued: null, today: dateOf(now()) });
  }

  channel(id) {
    const device = this.devices[Math.floor(id / 8) - 1], channel = device && channelsOf(device.id)[id % 8];
    if (!channel || channel.kind !== 'interval') throw this.problem(404, 'Not Found', `There is no channel ${id}.`);
    return { device, channel };
  }

  day(id, date) {
    const key = `${id}/${date}`;
    if (!this.known.has(key)) this.known.set(key, this.make(id, date));
    return this.known.get(key);
  }

  make(id, date) {
    const { device, channel } = this.channel(id), start = startOf(date), end = startOf(shifted(date, 1));
    if (date >= this.today) throw this.problem(404, 'Not Found', 'that day is not validated yet');
    const salt = chance(id, Date.parse(date) / 1e8, 90), wild = salt < 0.25, still = salt > 0.85;
    const n = (end - start) / kStep_s, spike = wild ? 30 + Math.floor(salt * 200) : -1, findings = [], slots = [];
    for (let i = 0; i < n; i++) {
      const time = start + (i + 1) * kStep_s, value = valueOf(device.id, channel.n, time);
      const gap = lacks(device.id, time) || (i >= 40 && i < 44 + Math.floor(chance(id, 91) * 9) && !wild);
      const raw = gap ? null : i === spike ? Math.round(value * 9 * 10) / 10 : value;
      const version = { version: 1, value: raw, code: 'A', origin: 'actual', scaled: false, at: iso(end + 7200), who: 'vee', why: 'validated', approved_by: '', edit: null };
      if (gap && still) { version.value = null; version.code = 'N'; version.version = 0; }
      else if (gap) Object.assign(version, { value: valueOf(device.id, channel.n, time - 7 * 86_400), code: gap === 'loss' ? 'E17' : 'E15', origin: 'estimated', scaled: channel.n === 0, why: 'gap estimated' });
      slots.push({ time, raw, flags: gap ? '' : 'ok', versions: version.version ? [version] : [] });
    }
    const gaps = slots.filter((s) => s.raw === null).length, first = slots.findIndex((s) => s.raw === null);
    if (gaps) findings.push({ rule: 'count', outcome: 'warn', text: `${n - gaps} of ${n} intervals arrived; ${gaps} are missing.`, first_interval: first, intervals: Math.min(gaps, 4), numbers: [n - gaps, n] });
    if (wild) {
      const third = slots.map((s) => s.raw ?? 0).sort((a, b) => b - a)[2];
      findings.push({ rule: 'spike', outcome: 'fail', text: `${slots[spike].raw} ${channel.unit} is ${(slots[spike].raw / third).toFixed(1)} times the third-highest interval of the day (${third} ${channel.unit}); the limit is 2.8 times.`, first_interval: spike, intervals: 1, numbers: [slots[spike].raw, third] });
    }
    return {
      id, date, device, channel, start, end, slots, findings, revision: 1, accepted: false, bounded: channel.n === 0 && !still, off: wild ? slots[spike].raw - valueOf(device.id, channel.n, slots[spike].time) : 0,
      decisions: [{ at: iso(end + 7200), who: 'vee', why: gaps ? 'validated; gaps estimated' : 'validated', approved_by: '', edit: null, intervals: gaps }],
    };
  }

  row(d) {
    const last = d.slots.map((s) => s.versions.at(-1)), round = (v) => Math.round(v * 10) / 10;
    const total = round(last.reduce((sum, v) => sum + (v?.value ?? 0), 0)), open = last.filter((v) => (v?.value ?? null) === null).length;
    const estimated = last.filter((v) => v?.origin === 'estimated').length, edited = last.filter((v) => v?.origin === 'edited').length;
    d.advance ??= d.bounded ? round(total - d.off) : null;
    const fails = d.findings.some((f) => f.outcome === 'fail') && !edited;
    const stake = last.reduce((sum, v, i) => sum + (v?.origin === 'estimated' ? v.value : (v?.value ?? null) === null ? valueOf(d.device.id, d.channel.n, d.slots[i].time) : 0), 0) + (fails ? d.off : 0);
    return {
      channel: d.id, date: d.date, device: d.device.id, name: d.channel.name, unit: d.channel.unit, start: iso(d.start), end: iso(d.end), intervals: d.slots.length, interval_s: kStep_s,
      revision: d.revision, state: d.accepted ? 'accepted' : fails ? 'failed' : open ? 'waiting' : estimated ? 'estimated' : 'clean', worst: fails ? 'fail' : d.findings.length ? 'warn' : 'pass',
      closure: open ? 'open' : d.advance === null ? 'unbounded' : d.advance === total ? 'exact' : 'differs', total, register_advance: open ? null : d.advance, at_stake: round(stake), estimated, edited, open,
    };
  }

  whole(id, date) {
    const d = this.day(id, date);
    return {
      ...this.row(d), findings: d.findings, decisions: d.decisions,
      values: d.slots.map((s) => { const v = s.versions.at(-1); return { time: iso(s.time), raw: s.raw, flags: s.flags, final: v?.value ?? null, code: v?.code ?? 'N', version: v?.version ?? 0 }; }),
    };
  }

  days(id, from, to) {
    const out = [];
    for (let date = from; date <= to && date < this.today; date = shifted(date, 1)) out.push(this.row(this.day(id, date)));
    return { channel: id, from, to, items: out };
  }

  queue(q, inArea) {
    this.queued ??= this.devices.filter((d) => chance(d.id, 92) < kPerMille / 1000).flatMap((d) => Array.from({ length: 1 + (d.id % 3) }, (_, k) => [d.id * 8 + (d.id % 4), shifted(this.today, -1 - ((d.id + k * 3) % kDays))]));
    const items = this.queued.map(([id, date]) => { const row = this.row(this.day(id, date)), { device } = this.day(id, date); return { bill_date: shifted(this.today, 1 + (device.id % 6)), serial: device.serial, class: device.id % 7 ? 'residential' : 'commercial', rules: this.day(id, date).findings.map((f) => f.rule), ...row }; });
    const kept = inArea(this.devices, q, items.filter((i) => ['waiting', 'estimated', 'failed'].includes(i.state)
      && ['state', 'bill_date', 'device'].every((key) => !q.get(key) || String(i[key]) === q.get(key)) && (!q.get('class') || i.class === q.get('class')) && (!q.get('rule') || i.rules.includes(q.get('rule')))))
      .sort((a, b) => (q.get('sort') === '-at_stake' ? b.at_stake - a.at_stake : q.get('sort') === 'date' ? a.date.localeCompare(b.date) : a.bill_date.localeCompare(b.bill_date) || b.at_stake - a.at_stake));
    const from = Number(q.get('cursor') ?? 0), to = from + Math.min(500, Number(q.get('limit') ?? 100));
    return { total: kept.length, items: kept.slice(from, to), next: to < kept.length ? String(to) : null };
  }

  history(id, q) {
    const time = Date.parse(q.get('time')) / 1000, d = this.day(id, dateOf(time - 1)), slot = d.slots.find((s) => s.time === time);
    return { channel: id, unit: d.channel.unit, items: (slot?.versions ?? []).map((v, i, all) => ({ ...v, time: iso(time), before: all[i - 1]?.value ?? null, before_code: all[i - 1]?.code ?? null })) };
  }

  /** The codes of a series in the final view, and its points after edits of this run. */
  final(id, series) {
    const codes = [];
    for (const p of series.points) {
      const slot = this.known.get(`${id}/${dateOf(p[0] - 1)}`)?.slots.find((s) => s.time === p[0]), v = slot?.versions.at(-1);
      if (v && v.value !== null) { p[1] = v.value; if (v.origin !== 'actual') p[2] = v.origin === 'edited' ? 'F' : 'E'; }
      if (dateOf(p[0] - 1) >= this.today) codes.push([p[0], 'P', 0]);
      else if (p[2] === 'E' || p[2] === 'F') codes.push([p[0], v?.code ?? 'E15', v?.version ?? 1]);
    }
    return { ...series, codes, pending: series.points.filter((p) => dateOf(p[0] - 1) >= this.today).length };
  }

  propose(kind, body, session) {
    if (!['operator', 'engineer', 'admin'].includes(session.role)) throw this.problem(403, 'Forbidden', 'Edits need the role operator.');
    if (!body.reason?.trim()) throw this.problem(400, 'Bad Request', '"reason" is missing');
    const days = new Map(), add = (channel, date) => { this.day(channel, date); days.set(`${channel}/${date}`, { channel, date }); };
    if (kind === 'values') for (const v of body.values) add(body.channel, dateOf(Date.parse(v.time) / 1000 - 1));
    else if (kind === 'accept') for (const d of body.days) add(d.channel, d.date);
    else if (kind === 'rerun') for (let date = body.from; date <= body.to; date = shifted(date, 1)) add(body.channel, date);
    const undone = kind === 'undo' ? this.find(body.edit) : null;
    if (undone && undone.state !== 'applied') throw this.problem(409, 'Conflict', 'only an edit that was applied can be undone');
    for (const d of undone?.days ?? []) add(d.channel, d.date);
    const edit = {
      id: this.edits.length + 1, kind, state: 'proposed', days: [...days.values()], intervals: kind === 'values' ? body.values.length : 0, undoes: undone?.id ?? null, reason: body.reason,
      requested_by: session.user, requested: iso(now()), decided_by: '', decided: null, comment: '', result: '',
    };
    this.edits.unshift(edit);
    Object.defineProperty(edit, 'body', { value: body, enumerable: false });
    this.emit('edit', { ...edit });
    return { ...edit };
  }

  /** With its values, as the server tells of one edit alone. */
  editWithValues(id) {
    const edit = this.find(id);
    return edit.kind === 'values' ? { ...edit, values: edit.body.values.map((v) => ({ time: v.time, value: Number(v.value) })) } : edit;
  }

  find(id) { return this.edits.find((e) => e.id === Number(id)) ?? (() => { throw this.problem(404, 'Not Found', 'no such edit'); })(); }

  decide(id, approve, body, session) {
    const edit = this.find(id);
    if (!['engineer', 'admin'].includes(session.role)) throw this.problem(403, 'Forbidden', 'Approval needs the role engineer.');
    if (approve && edit.requested_by === session.user) throw this.problem(403, 'Forbidden', 'the approver must be another person than who proposed it');
    if (edit.state !== 'proposed') throw this.problem(409, 'Conflict', `edit ${id} is ${edit.state}`);
    Object.assign(edit, { state: approve ? 'approved' : 'rejected', decided_by: session.user, decided: iso(now()), comment: body.comment ?? '' });
    this.emit('edit', { ...edit });
    if (approve) setTimeout(() => this.apply(edit), kApply_ms);
    return { ...edit };
  }

  apply(edit) {
    const decision = { at: iso(now()), who: edit.requested_by, why: edit.reason, approved_by: edit.decided_by, edit: edit.id };
    let changed = 0;
    for (const { channel, date } of edit.days) {
      const d = this.day(channel, date), put = (slot, value) => { slot.versions.push({ ...decision, version: slot.versions.length + 1, scaled: false, ...value }); changed++; };
      d.accepted = edit.kind === 'accept';
      for (const slot of d.slots) {
        const typed = edit.kind === 'values' && edit.body.values.find((v) => Date.parse(v.time) / 1000 === slot.time);
        if (typed) put(slot, { value: Number(typed.value), code: 'F16', origin: 'edited' });
        const last = slot.versions.at(-1), before = slot.versions.at(-2);
        if (edit.kind === 'undo' && last?.edit === edit.undoes) put(slot, before ? { value: before.value, code: before.code, origin: before.origin } : { value: null, code: 'N', origin: 'withdrawn' });
      }
      d.revision++;
      d.decisions.push({ ...decision, intervals: changed });
      if (changed) this.emit('correction', { device: d.device.id, serial: d.device.serial, channel, date, revision: d.revision, intervals: changed, who: decision.who, why: decision.why });
    }
    Object.assign(edit, { state: 'applied', result: `${changed} values changed` });
    this.emit('edit', { ...edit });
  }

  routes(inArea) {
    const number = (id) => Number(id);
    return [
      ['GET', /^\/vee\/queue$/, ({ q }) => this.queue(q, inArea)],
      ['GET', /^\/channels\/(\d+)\/days$/, ({ id, q }) => this.days(number(id), q.get('from'), q.get('to'))],
      ['GET', /^\/channels\/(\d+)\/days\/([-\d]+)$/, ({ id, rest }) => this.whole(number(id), rest)],
      ['GET', /^\/channels\/(\d+)\/history$/, ({ id, q }) => this.history(number(id), q)],
      ['GET', /^\/vee\/edits$/, ({ q }) => ({ items: this.edits.filter((e) => !q.get('state') || e.state === q.get('state')).slice(0, Number(q.get('limit') ?? 100)), next: null })],
      ['GET', /^\/vee\/edits\/(\d+)$/, ({ id }) => this.editWithValues(id)],
      ['POST', /^\/vee\/edits\/(\d+)\/approve$/, ({ id, body, session }) => this.decide(id, true, body, session)],
      ['POST', /^\/vee\/edits\/(\d+)\/reject$/, ({ id, body, session }) => this.decide(id, false, body, session)],
      ...[['edits', 'values'], ['accept', 'accept'], ['rerun', 'rerun'], ['undo', 'undo']].map(([path, kind]) => ['POST', new RegExp(`^/vee/${path}$`), ({ body, session, response }) => {
        const edit = this.propose(kind, body, session);
        response.statusCode = 202;
        return edit;
      }]),
    ];
  }
}
