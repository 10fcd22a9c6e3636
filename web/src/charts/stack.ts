// What the bands of the shared time axis need, without drawing: gaps, outages, nights, what lies under the crosshair.
import type { Event, Point, Series } from '$lib/api/types';
import { epoch, type Zone } from '$lib/time';

export interface Span { from: number; to: number }
export interface Ticked { at: number; lane: string; state: 'normal' | 'p1' | 'p2' | 'p3'; text: string }

/** Seconds one point stands for at a resolution; 0 for instants. */
export function stepOf(series: Series, resolution: string): number {
  if (series.kind === 'register') return 0;
  return resolution === 'day' ? 86_400 : resolution === 'hour' ? 3600 : series.interval_s;
}

/** A series as the chart shows it: one made from a register has no day of its own to open. */
export type Drawn = Series & { fromRegister?: true };
const kCumulative = ['Wh', 'varh', 'VAh', 'J', 'm3', 'l'], kBandsMax = 6;

/** What passed a register from each reading to the next. A gap, or a register that fell, is no value. */
export function advances(series: Series, resolution: string): Drawn {
  const p = series.points, gaps = p.slice(1).map((b, i) => b[0] - p[i]![0]).sort((a, b) => a - b);
  const step_s = resolution === 'day' ? 86_400 : resolution === 'hour' ? 3600 : (gaps[gaps.length >> 1] ?? 0);
  const points = p.slice(1).map((b, i): Point => {
    const a = p[i]!, known = a[1] !== null && b[1] !== null && b[1] >= a[1] && b[0] - a[0] <= step_s * 1.5;
    return [b[0], known ? b[1]! - a[1]! : null, b[2]];
  });
  return { ...series, name: `${series.name}_used`, kind: 'interval', interval_s: step_s, points, fromRegister: true };
}

/** The bands of a meter: its intervals; of one that has registers alone what they advanced, and what they measure. */
export function bandsOf(all: readonly Series[], resolution: string): Drawn[] {
  const intervals = all.filter((s) => s.kind === 'interval');
  if (intervals.length) return intervals;
  const now = all.filter((s) => s.points.length > 0 && !/_s\d+$/.test(s.name)); // not those of a due date
  return now.map((s) => (kCumulative.includes(s.unit) && s.points.length > 1 ? advances(s, resolution) : s)).slice(0, kBandsMax);
}

/** Whether b follows a without a gap. A clock-change day may be an hour longer. */
export function joined(a: Point, b: Point, step_s: number): boolean {
  const slack = step_s >= 86_400 ? 3600 : 1;
  return a[1] !== null && b[1] !== null && b[0] - a[0] <= step_s + slack;
}

/** The point whose interval holds `at` (intervals are named by their end), or the nearest instant; -1 in a gap. */
export function pointAt(points: readonly Point[], at: number, step_s: number, near_s: number): number {
  let lo = 0, hi = points.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (points[mid]![0] < at) lo = mid + 1; else hi = mid;
  }
  if (step_s > 0) return lo < points.length && points[lo]![0] - step_s < at ? lo : -1;
  let best = -1, distance = near_s;
  for (const i of [lo - 1, lo]) {
    const d = Math.abs((points[i]?.[0] ?? Infinity) - at);
    if (d <= distance) { best = i; distance = d; }
  }
  return best;
}

/** Spans without supply, from the meter's own power events. An open one ends at `to`. */
export function outages(events: readonly Event[], to: number): Span[] {
  const power = events.filter((e) => e.category === 'power').map((e) => [epoch(e.time), e.text.toLowerCase()] as const).sort((a, b) => a[0] - b[0]);
  const out: Span[] = [];
  let from: number | null = null;
  for (const [at, text] of power) {
    if (/\b(down|off|lost|fail\w*)\b/.test(text)) from ??= at;
    else if (/\b(up|on|back|restored|return\w*)\b/.test(text) && from !== null) { out.push({ from, to: at }); from = null; }
  }
  if (from !== null && from < to) out.push({ from, to });
  return out;
}

/** 22:00 to 06:00 in the utility's zone. */
export function nights(zone: Zone, from: number, to: number): Span[] {
  return zone.days(from - 86_400, to).map((day) => {
    const next = zone.addDays(day, 1), a = zone.civil(day), b = zone.civil(next);
    return { from: zone.instant(a.year, a.month, a.day, 22), to: zone.instant(b.year, b.month, b.day, 6) };
  }).filter((n) => n.to > from && n.from < to);
}

/** A live reading into its series, in order, replacing the same time. */
export function upsert(points: readonly Point[], point: Point): Point[] {
  const last = points.at(-1);
  if (!last || last[0] < point[0]) return [...points, point];
  const i = points.findIndex((p) => p[0] >= point[0]);
  return points[i]![0] === point[0] ? points.with(i, point) : points.toSpliced(i, 0, point);
}

/** Bounds of the value axis: energy stands on zero, voltage and the like float with some air. */
export function bounds(unit: string, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (['V', 'Hz', 'degC', 'K'].includes(unit)) {
    const air = Math.max((high - low) * 0.15, Math.abs(high) * 0.005, 0.01);
    return [low - air, high + air];
  }
  if (high <= 0 && low >= 0) return [0, 1];
  return [Math.min(0, low * 1.08), Math.max(0, high * 1.08)];
}

/** Large units for the reader: 12 345 Wh per interval stays; scaling is by thousand, by what is shown. */
export function scaleOf(unit: string, high: number): { factor: number; unit: string } {
  const scalable = ['Wh', 'varh', 'VAh', 'W', 'var', 'VA'].includes(unit);
  return scalable && high >= 10_000 ? { factor: 1000, unit: `k${unit}` } : { factor: 1, unit };
}
