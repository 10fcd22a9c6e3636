import { describe, expect, it } from 'vitest';
import { ticks, utcStamp, Zone } from '$lib/time';

const sydney = new Zone('Australia/Sydney');
const berlin = new Zone('Europe/Berlin');
const lord = new Zone('Australia/Lord_Howe');
const at = (iso: string) => Date.parse(iso) / 1000;

describe('civil time', () => {
  it('shows an instant in the zone of the utility, with zone and UTC on hover', () => {
    expect(sydney.stamp(at('2026-11-20T03:15:00Z'))).toBe('2026-11-20 14:15');
    expect(sydney.full(at('2026-11-20T03:15:07Z'))).toBe('2026-11-20 14:15:07 Australia/Sydney (+11:00), 2026-11-20 03:15:07 UTC');
    expect(utcStamp(0)).toBe('1970-01-01 00:00:00');
  });

  it('shows the repeated hour twice and never the lost one', () => {
    // Berlin 2026-10-25: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
    const hours = [0, 1, 2].map((h) => berlin.clock(at('2026-10-25T00:30:00Z') + h * 3600));
    expect(hours).toEqual(['02:30', '02:30', '03:30']);
    const spring = [0, 1].map((h) => berlin.clock(at('2026-03-29T00:30:00Z') + h * 3600));
    expect(spring).toEqual(['01:30', '03:30']);
  });

  it('knows days of 23, 24 and 25 hours', () => {
    const length = (day: string) => (berlin.addDays(at(day), 1) - at(day)) / 3600;
    expect(length('2026-03-28T23:00:00Z')).toBe(23);
    expect(length('2026-10-24T22:00:00Z')).toBe(25);
    expect(length('2026-07-01T22:00:00Z')).toBe(24);
    expect(sydney.days(at('2026-10-03T00:00:00Z'), at('2026-10-06T00:00:00Z')).map((d) => sydney.stamp(d))).toEqual([
      '2026-10-03 00:00', '2026-10-04 00:00', '2026-10-05 00:00', '2026-10-06 00:00']);
  });

  it('finds the clock changes, to the minute', () => {
    expect(sydney.changes(at('2026-09-01T00:00:00Z'), at('2026-11-01T00:00:00Z'))).toEqual([{ at: at('2026-10-03T16:00:00Z'), shift_s: 3600 }]);
    expect(berlin.changes(at('2026-10-24T00:00:00Z'), at('2026-10-26T00:00:00Z'))).toEqual([{ at: at('2026-10-25T01:00:00Z'), shift_s: -3600 }]);
    expect(lord.changes(at('2026-10-01T00:00:00Z'), at('2026-10-08T00:00:00Z'))).toEqual([{ at: at('2026-10-03T15:30:00Z'), shift_s: 1800 }]);
    expect(new Zone('UTC').changes(0, 4e8)).toEqual([]);
  });

  it('turns civil time into instants: the earlier of two, the jump where there is none', () => {
    expect(berlin.instant(2026, 10, 25, 2, 30)).toBe(at('2026-10-25T00:30:00Z'));
    expect(berlin.instant(2026, 3, 29, 2, 30)).toBe(at('2026-03-29T01:00:00Z'));
    expect(sydney.fromInput('2026-11-20T14:15')).toBe(at('2026-11-20T03:15:00Z'));
    expect(sydney.fromInput('tomorrow')).toBeNull();
  });

  // One expectation for each zone: ten thousand of them are what takes seconds on a busy machine.
  it('agrees with Intl at every fifth hour of two years', () => {
    for (const zone of [sydney, berlin, lord]) {
      const intl = new Intl.DateTimeFormat('sv-SE', { timeZone: zone.name, dateStyle: 'short', timeStyle: 'short' });
      const wrong: string[] = [];
      let looked = 0;
      for (let t = at('2025-01-01T00:00:00Z'); t < at('2027-01-01T00:00:00Z'); t += 5 * 3600, looked++) {
        const ours = zone.stamp(t), theirs = intl.format(t * 1000);
        if (ours !== theirs) wrong.push(`${zone.name}: ${ours}, not ${theirs}`);
      }
      expect(wrong).toEqual([]);
      expect(looked).toBe(3504);
    }
  });
});

describe('ticks', () => {
  it('stand on round civil times also across a clock change', () => {
    const day = ticks(berlin, at('2026-10-24T22:00:00Z'), at('2026-10-25T23:00:00Z'), 10);
    expect(day.map((t) => t.text)).toEqual(['10-25', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00', '10-26']);
    for (let i = 1; i < day.length; i++) expect(day[i]!.at).toBeGreaterThan(day[i - 1]!.at);
  });

  it('are never more than asked for by much', () => {
    for (const days of [0.1, 1, 3, 7, 30, 90, 400]) {
      const from = at('2026-01-01T00:00:00Z');
      expect(ticks(sydney, from, from + days * 86_400, 12).length).toBeLessThanOrEqual(days > 330 ? 16 : 14);
    }
  });
});
