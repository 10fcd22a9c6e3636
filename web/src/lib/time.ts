// Civil time in the utility's zone, from Intl alone. Instants are UTC seconds; an interval is named by its end.

export interface Civil { year: number; month: number; day: number; hour: number; minute: number; second: number }
export interface Change { at: number; shift_s: number }

const kQuarter_s = 900; // no zone changes its offset off a quarter hour
const kDay_s = 86_400;
const kOffsets_max = 200_000;

function civilOf(local_s: number): Civil {
  const d = new Date(local_s * 1000);
  return {
    year: d.getUTCFullYear(), month: d.getUTCMonth() + 1, day: d.getUTCDate(),
    hour: d.getUTCHours(), minute: d.getUTCMinutes(), second: d.getUTCSeconds(),
  };
}

const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);

export class Zone {
  readonly name: string;
  private readonly parts_: Intl.DateTimeFormat;
  private readonly offsets_ = new Map<number, number>();

  constructor(name: string) {
    this.name = name;
    this.parts_ = new Intl.DateTimeFormat('en-US', {
      timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric',
      minute: 'numeric', second: 'numeric',
    });
  }

  /** Seconds east of UTC at an instant. */
  offset(at: number): number {
    const bucket = Math.floor(at / kQuarter_s);
    const known = this.offsets_.get(bucket);
    if (known !== undefined) return known;
    const start = bucket * kQuarter_s;
    const v: Record<string, number> = {};
    for (const p of this.parts_.formatToParts(start * 1000)) v[p.type] = Number(p.value);
    const local = Date.UTC(v.year!, v.month! - 1, v.day!, v.hour!, v.minute!, v.second!) / 1000;
    if (this.offsets_.size > kOffsets_max) this.offsets_.clear();
    this.offsets_.set(bucket, local - start);
    return local - start;
  }

  civil(at: number): Civil {
    return civilOf(at + this.offset(at));
  }

  /** The instant of a civil time; the earlier one where it happens twice, the instant of the jump where it never happens. */
  instant(year: number, month: number, day: number, hour = 0, minute = 0): number {
    const local = Date.UTC(year, month - 1, day, hour, minute) / 1000;
    const before = local - this.offset(local - kDay_s);
    const after = local - this.offset(local + kDay_s);
    for (const t of [Math.min(before, after), Math.max(before, after)]) {
      if (t + this.offset(t) === local) return t;
    }
    const change = this.changes(local - 2 * kDay_s, local + 2 * kDay_s)[0];
    return change ? change.at : before;
  }

  startOfDay(at: number): number {
    const c = this.civil(at);
    return this.instant(c.year, c.month, c.day);
  }

  addDays(start: number, days: number): number {
    const c = this.civil(start);
    const d = new Date(Date.UTC(c.year, c.month - 1, c.day + days));
    return this.instant(d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate());
  }

  /** Starts of the civil days that touch [from, to). */
  days(from: number, to: number): number[] {
    const out: number[] = [];
    for (let day = this.startOfDay(from); day < to; day = this.addDays(day, 1)) out.push(day);
    return out;
  }

  /** Clock changes in (from, to]. */
  changes(from: number, to: number): Change[] {
    const out: Change[] = [];
    for (let lo = from; lo < to; lo += kDay_s) {
      const hi = Math.min(lo + kDay_s, to);
      const a = this.offset(lo), b = this.offset(hi);
      if (a === b) continue;
      let l = Math.floor(lo / kQuarter_s), h = Math.floor(hi / kQuarter_s);
      while (h - l > 1) {
        const mid = (l + h) >> 1;
        if (this.offset(mid * kQuarter_s) === a) l = mid; else h = mid;
      }
      out.push({ at: h * kQuarter_s, shift_s: b - a });
    }
    return out;
  }

  date(at: number): string {
    const c = this.civil(at);
    return `${c.year}-${two(c.month)}-${two(c.day)}`;
  }

  clock(at: number, seconds = false): string {
    const c = this.civil(at);
    return `${two(c.hour)}:${two(c.minute)}${seconds ? `:${two(c.second)}` : ''}`;
  }

  stamp(at: number, seconds = false): string {
    return `${this.date(at)} ${this.clock(at, seconds)}`;
  }

  /** "+10:00". */
  offsetText(at: number): string {
    const s = this.offset(at), m = Math.abs(s) / 60;
    return `${s < 0 ? '-' : '+'}${two(Math.floor(m / 60))}:${two(Math.round(m % 60))}`;
  }

  /** What hover shows: the same instant with its zone and in UTC. */
  full(at: number): string {
    return `${this.stamp(at, true)} ${this.name} (${this.offsetText(at)}), ${utcStamp(at)} UTC`;
  }

  /** "2026-11-20T14:15" as a datetime-local input wants it, and back. */
  input(at: number): string {
    return this.stamp(at).replace(' ', 'T');
  }

  fromInput(text: string): number | null {
    const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
    return m ? this.instant(+m[1]!, +m[2]!, +m[3]!, +m[4]!, +m[5]!) : null;
  }
}

export function utcStamp(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

export function epoch(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}

export function iso(at: number): string {
  return `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
}

export interface Tick { at: number; text: string; major: boolean }

const kHourSteps = [0.25, 0.5, 1, 2, 3, 6, 12];
const kDaySteps = [1, 2, 7, 14, 28];

/** Ticks on round civil times, at most `most`; midnights are major and carry the date. */
export function ticks(zone: Zone, from: number, to: number, most: number): Tick[] {
  const span_h = (to - from) / 3600;
  const hours = kHourSteps.find((step) => span_h / step <= most);
  const out: Tick[] = [];
  if (hours !== undefined) {
    for (const day of zone.days(from, to + 1)) {
      for (let h = 0; h < 24; h += hours) {
        const c = zone.civil(day);
        const whole = Math.floor(h), at = zone.instant(c.year, c.month, c.day, whole, Math.round((h - whole) * 60));
        if (at < from || at > to || out.at(-1)?.at === at) continue;
        out.push({ at, text: h === 0 ? zone.date(at).slice(5) : zone.clock(at), major: h === 0 });
      }
    }
    return out;
  }
  const step = kDaySteps.find((days) => span_h / 24 / days <= most) ?? 28;
  for (let day = zone.startOfDay(from); day <= to; day = zone.addDays(day, step)) {
    if (day >= from) out.push({ at: day, text: zone.date(day).slice(5), major: true });
  }
  return out;
}
