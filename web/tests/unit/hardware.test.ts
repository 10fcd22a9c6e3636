import { describe, expect, it } from 'vitest';
import { exchangeOf, ratiosOf } from '$lib/hardware';
import { Zone } from '$lib/time';

const zone = new Zone('Europe/Madrid');
const meter = { serial: 'M1', service_point: 'SP-1' };
const now = Date.parse('2026-11-20T12:00:00Z') / 1000;
const wrong = (told: object) => (told as { wrong?: string }).wrong ?? 'nothing';

describe('what was done on the spot', () => {
  it('tells an exchange in UTC, with both registers or none', () => {
    const draft = { installed: ' M2 ', at: '2026-11-20T11:23', last: '12 345,6', first: '17' };
    expect(exchangeOf(draft, meter, zone, now)).toMatchObject({
      body: { service_point: 'SP-1', removed: 'M1', installed: 'M2', at: '2026-11-20T10:23:00Z', last: '12345.6', first: '17' },
    });
    expect(exchangeOf({ ...draft, last: '', first: ' ' }, meter, zone, now)).toMatchObject({ body: { installed: 'M2' } });
    expect(wrong(exchangeOf({ ...draft, first: '' }, meter, zone, now))).toContain('both registers');
    expect(wrong(exchangeOf({ ...draft, last: '-3' }, meter, zone, now))).toBe('“-3” is no reading of the old meter');
    expect(wrong(exchangeOf({ ...draft, installed: 'M1' }, meter, zone, now))).toContain('is the one that goes');
    expect(wrong(exchangeOf({ ...draft, installed: '' }, meter, zone, now))).toContain('serial number');
    expect(wrong(exchangeOf({ ...draft, at: '2026-11-20T13:10' }, meter, zone, now))).toContain('future');
    expect(wrong(exchangeOf({ ...draft, at: '' }, meter, zone, now))).toBe('Say when it was done.');
    expect(wrong(exchangeOf(draft, { ...meter, service_point: '' }, zone, now))).toContain('no service point');
  });

  it('tells ratios, and what they make of what is counted', () => {
    const draft = { ct: '80', vt: '10', at: '2026-11-20T11:30', reading: '3185' };
    const told = ratiosOf(draft, meter, zone, now);
    expect(told).toMatchObject({ body: { at: '2026-11-20T10:30:00Z', ct: 80, vt: 10, reading: '3185' } });
    expect((told as { what: string }).what).toContain('multiplied by 800');
    expect(ratiosOf({ ...draft, reading: '' }, meter, zone, now)).toEqual({ body: { at: '2026-11-20T10:30:00Z', ct: 80, vt: 10 }, what: (told as { what: string }).what });
    for (const ct of ['', '0', '2.5', '200/5', '1000001']) expect(wrong(ratiosOf({ ...draft, ct }, meter, zone, now))).toContain('The CT ratio is a whole number');
    expect(wrong(ratiosOf({ ...draft, vt: 'x' }, meter, zone, now))).toContain('The VT ratio');
    expect(wrong(ratiosOf({ ...draft, at: '2027-01-01T00:00' }, meter, zone, now))).toContain('future');
  });
});
