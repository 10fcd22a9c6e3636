// Accounts and statements of the mock: the first meters have one each; every ninth is held, one was reversed and issued anew.
import { channelsOf, iso, now, valueOf } from './data.mjs';
import { dateOf } from './vee.mjs';

const kAccounts = 60, kDays = 7, kStep_s = 900, kPrice = { day: '0.2640', night: '0.1890' };

export class Bills {
  constructor(devices, problem) {
    Object.assign(this, { devices: devices.slice(0, kAccounts), problem, runs: [] });
    this.to = Math.floor(now() / 86_400) * 86_400 - 10 * 3600; // midnight in the mock's zone, near enough
    this.from = this.to - kDays * 86_400;
    this.statements = [];
    for (const d of this.devices) if (d.id % 9 !== 0) this.issue(d, 'issued', 'cycle', 0);
    const first = this.statements[0];
    this.issue(this.devices[0], 'reversal', 'final values changed', first.number);
    this.issue(this.devices[0], 'issued', 'final values changed', 0, 4);
  }

  name(device) { return `A-${String(100_000 + device.id)}`; }
  row(device) {
    return { account: device.id, account_name: this.name(device), customer: device.customer, device: device.id, first_day: dateOf(this.from + 3600), last_day: dateOf(this.to - 3600) };
  }
  values(device, night) {
    const channel = channelsOf(device.id)[0], out = [];
    for (let at = this.from + kStep_s; at <= this.to; at += kStep_s) {
      const hour = Math.floor(((at - kStep_s - this.from) % 86_400) / 3600);
      if ((hour < 7 || hour >= 22) === night) out.push({ time: iso(at), value: valueOf(device.id, channel.n, at), code: at % 40_000 === 0 ? 'E17' : 'A', version: 1, changed: false });
    }
    return out;
  }
  issue(device, kind, cause, reverses, more = 0) {
    const channel = channelsOf(device.id)[0], sign = kind === 'reversal' ? -1 : 1;
    const lines = [['Energy, day', false, kPrice.day], ['Energy, night', true, kPrice.night]].map(([name, night, price], i) => {
      const values = this.values(device, night), sum = values.reduce((n, v) => n + v.value, 0) + more, kwh = sum / 1000;
      return {
        line: i + 1, kind: 'energy', name, reckoning: `${kwh.toFixed(3)} kWh x ${price}`, quantity: (sign * kwh).toFixed(3), unit: 'kWh', price, amount: (sign * kwh * Number(price)).toFixed(2),
        trace: { channel: device.id * 8, channel_name: channel.name, device: device.id, unit: channel.unit, from: iso(this.from), to: iso(this.to), intervals: values.length, sum: String(Math.round(sum * 10) / 10), netted: '0' },
      };
    });
    lines.push({ line: 3, kind: 'fixed', name: 'Supply', reckoning: `${kDays} days x 1.0560`, quantity: String(sign * kDays), unit: 'days', price: '1.0560', amount: (sign * 7.39).toFixed(2), trace: null });
    const base = lines.reduce((n, l) => n + Number(l.amount), 0);
    lines.push({ line: 4, kind: 'tax', name: 'GST', reckoning: `10 % of ${Math.abs(base).toFixed(2)}`, quantity: base.toFixed(2), unit: 'AUD', price: '10', amount: (base / 10).toFixed(2), trace: null });
    this.statements.push({
      number: this.statements.length + 1, ...this.row(device), kind, reverses: reverses || null, issued: iso(this.to + 4 * 3600), currency: 'AUD', total: lines.reduce((n, l) => n + Number(l.amount), 0).toFixed(2), cause,
      lines, address: device.address,
    });
  }
  held() {
    return this.devices.filter((d) => d.id % 9 === 0).map((d) => ({
      ...this.row(d), since: iso(this.to + 4 * 3600), tried: iso(now() - 600), reasons: ['3 of 672 intervals are missing, allowed 0.0 %', '140 of 672 intervals are estimated, allowed 15.0 %'],
      stretches: [{ channel: d.id * 8, from: iso(this.from + 36_000), to: iso(this.from + 38_700), what: 'missing' }, { channel: d.id * 8, from: iso(this.from + 90_000), to: iso(this.from + 216_000), what: 'estimated' }],
    }));
  }
  account(device) {
    return { id: device.id, name: this.name(device), service_point: device.service_point, customer: device.customer, address: device.address, device: device.id, tariff: 'home', cycle: 'week', bill_day: 5, opened: dateOf(this.from + 3600), closed: null, prepaid: false };
  }
  whole(number) {
    const s = this.statements[Number(number) - 1] ?? (() => { throw this.problem(404, 'Not Found', 'no such statement'); })();
    const newest = this.statements.findLast((o) => o.account === s.account && o.kind === 'issued');
    return {
      ...s, in_force: newest.number === s.number, replaced_by: newest.number === s.number ? null : newest.number, tariff: 'Home, day and night', tariff_digest: 'AB'.repeat(32), billed_to: s.customer, zone: 'Australia/Sydney',
      from: iso(this.from), to: iso(this.to), days: kDays, power_factor: null, inputs: [{ channel: s.device * 8, multiplier: 1, multipliers: [], days: Array.from({ length: kDays }, (_, i) => ({ date: dateOf(this.from + 3600 + i * 86_400), revision: 1 })) }],
    };
  }
  trace(number, index) {
    const s = this.whole(number), line = s.lines[Number(index) - 1];
    if (!line?.trace) throw this.problem(404, 'Not Found', 'the line is made of no intervals');
    const values = this.values(this.devices[s.device - 1], line.line === 2);
    if (!s.in_force) values[3].changed = true;
    return { statement: s.number, line: line.line, name: line.name, channel: s.device * 8, channel_name: line.trace.channel_name, device: s.device, unit: line.trace.unit, interval_s: kStep_s, from: s.from, to: s.to, values, intervals: values.length, changed: values.filter((v) => v.changed).length, sum: line.trace.sum, billed_sum: line.trace.sum, adds_up: true };
  }
  routes() {
    const page = (list, q, total) => {
      const from = Number(q.get('cursor') ?? 0), to = from + Math.min(500, Number(q.get('limit') ?? 100));
      return { ...(total ? { total: list.length } : {}), items: list.slice(from, to), next: to < list.length ? String(to) : null };
    };
    const bare = ({ lines: _lines, address: _address, ...row }) => row;
    return [
      ['GET', /^\/billing\/accounts$/, ({ q }) => page(this.devices.map((d) => this.account(d)).filter((a) => !q.get('q') || `${a.name} ${a.customer} ${a.address}`.toLowerCase().includes(q.get('q').toLowerCase())), q, true)],
      ['GET', /^\/billing\/statements$/, ({ q }) => page(this.statements.filter((s) => !q.get('account') || String(s.account) === q.get('account')).toReversed().map(bare), q, false)],
      ['GET', /^\/billing\/statements\/(\d+)$/, ({ id }) => this.whole(id)],
      ['GET', /^\/billing\/statements\/(\d+)\/lines\/(\d+)\/intervals$/, ({ id, rest }) => this.trace(id, rest)],
      ['GET', /^\/billing\/held$/, ({ q }) => page(this.held(), q, true)],
      ['GET', /^\/billing\/runs$/, () => ({ items: this.runs })],
      ['POST', /^\/billing\/runs$/, ({ session, response }) => {
        if (session.role === 'viewer') throw this.problem(403, 'Forbidden', 'A cycle needs the role operator.');
        response.statusCode = 202;
        const run = { id: this.runs.length + 1, who: session.user, account: null, again: false, started: iso(now()), finished: iso(now()), accounts: kAccounts, done: kAccounts, issued: 0, corrected: 0, unchanged: 0, held: this.held().length, failed: 0 };
        this.runs.unshift(run);
        return { ...run, finished: null, done: 0, held: 0 };
      }],
    ];
  }
}
