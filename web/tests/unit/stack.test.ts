import { describe, expect, it } from 'vitest';
import type { Event, Point, Series } from '$lib/api/types';
import { Zone } from '$lib/time';
import { advances, bandsOf, bounds, joined, nights, outages, pointAt, upsert } from '../../src/charts/stack';

const points: Point[] = [[900, 1, 'A'], [1800, 2, 'A'], [4500, 3, 'E']];
const event = (time: string, text: string, category = 'power') => ({ time, text, category }) as Event;

describe('the shared time axis', () => {
  it('never joins a gap', () => {
    expect(joined(points[0]!, points[1]!, 900)).toBe(true);
    expect(joined(points[1]!, points[2]!, 900)).toBe(false);
    expect(joined([900, null, 'A'], points[1]!, 900)).toBe(false);
    expect(joined([0, 1, 'A'], [90_000, 1, 'A'], 86_400)).toBe(true); // a day of 25 hours
  });

  it('finds the interval under the crosshair by its end, and nothing in a gap', () => {
    expect([1, 900, 901, 1800, 1801, 3600, 3601, 4500, 4501].map((t) => pointAt(points, t, 900, 0))).toEqual([0, 0, 1, 1, -1, -1, 2, 2, -1]);
    expect(pointAt(points, 1000, 0, 200)).toBe(0);
    expect(pointAt(points, 3000, 0, 200)).toBe(-1);
  });

  it('takes outages from the power events of the meter', () => {
    const list = [event('2026-01-01T00:10:00Z', 'power up'), event('2026-01-01T00:00:00Z', 'power down'), event('2026-01-01T00:20:00Z', 'power down'), event('2026-01-01T00:21:00Z', 'cover removed', 'tamper')];
    const zero = Date.parse('2026-01-01T00:00:00Z') / 1000;
    expect(outages(list, zero + 3600)).toEqual([{ from: zero, to: zero + 600 }, { from: zero + 1200, to: zero + 3600 }]);
  });

  it('shades nights also when the clock changes in them', () => {
    const berlin = new Zone('Europe/Berlin');
    const [night] = nights(berlin, Date.parse('2026-10-24T20:00:00Z') / 1000, Date.parse('2026-10-25T04:00:00Z') / 1000);
    expect((night!.to - night!.from) / 3600).toBe(9);
  });

  it('puts live readings where they belong', () => {
    expect(upsert(points, [5400, 9, 'A']).length).toBe(4);
    expect(upsert(points, [1800, 9, 'F'])[1]).toEqual([1800, 9, 'F']);
    expect(upsert(points, [2700, 9, 'A']).map((p) => p[0])).toEqual([900, 1800, 2700, 4500]);
  });

  it('stands energy on zero and lets voltage float', () => {
    expect(bounds('Wh', 100, 400)[0]).toBe(0);
    expect(bounds('V', 230, 240)[0]).toBeGreaterThan(200);
    expect(bounds('Wh', null, null)).toEqual([0, 1]);
  });
});

describe('a meter of registers alone', () => {
  const series = (name: string, unit: string, points: Point[]): Series => ({ channel: 1, name, unit, interval_s: 0, kind: 'register', points, missing: 0, estimated: 0 });
  const at = (n: number) => 1_700_000_000 + n * 900;
  const volume = series('volume', 'm3', [[at(0), 10, 'A'], [at(1), 12, 'A'], [at(2), 12, 'A'], [at(6), 20, 'A'], [at(7), 1, 'A']]);
  it('shows what passed from reading to reading; a gap and a fall are no values', () => {
    expect(advances(volume, 'raw').points.map((p) => p[1])).toEqual([2, 0, null, null]);
    expect(advances(volume, 'raw').interval_s).toBe(900);
    expect(advances(volume, 'day').interval_s).toBe(86_400);
  });
  it('keeps measured values as they are, and leaves due dates out', () => {
    const shown = bandsOf([volume, series('volume_s1', 'm3', [[at(0), 3, 'A']]), series('flow_temperature', 'degC', [[at(0), 61, 'A']])], 'raw');
    expect(shown.map((s) => [s.name, s.fromRegister])).toEqual([['volume_used', true], ['flow_temperature', undefined]]);
  });
  it('does not touch a meter with intervals', () => {
    const interval = { ...series('import', 'Wh', []), kind: 'interval' as const };
    expect(bandsOf([interval, volume], 'raw')).toEqual([interval]);
  });
});
