import { describe, expect, it } from 'vitest';
import { bandOf, holdText, money, periodText, traceText } from '../../src/lib/bills';

describe('bills', () => {
  it('shows money as it was sent, never through a float', () => {
    expect(money('0.10', 'EUR')).toBe('0.10 EUR');
    expect(money('-1234567.89')).toBe('−1\u202f234\u202f567.89');
    expect(money('12345678901234567.01')).toBe('12\u202f345\u202f678\u202f901\u202f234\u202f567.01');
    expect(money('14')).toBe('14');
  });
  it('says a period and why one is held', () => {
    expect(periodText({ first_day: '2026-11-01', last_day: '2026-11-07' })).toBe('2026-11-01 to 2026-11-07');
    expect(periodText({ first_day: '2026-11-01', last_day: '2026-11-01' })).toBe('2026-11-01');
    expect(holdText({ reasons: ['2 of 672 intervals are missing', 'b', 'c'] })).toBe('2 of 672 intervals are missing (and 2 more reasons)');
  });
  it('leads from a line to its band', () => {
    const trace = {
      statement: 1, line: 1, name: 'Day', channel: 7, channel_name: 'import', device: 1, unit: 'Wh', interval_s: 900, from: '2026-11-01T00:00:00Z', to: '2026-11-01T00:30:00Z',
      values: [{ time: '2026-11-01T00:15:00Z', value: 5, code: 'A', version: 1, changed: false }, { time: '2026-11-01T00:30:00Z', value: 6, code: 'E17', version: 2, changed: true }],
      intervals: 2, changed: 1, sum: '11', billed_sum: '11', adds_up: true,
    };
    const band = bandOf(trace);
    expect(band.points).toEqual([[1793491200 + 900, 5, 'A'], [1793491200 + 1800, 6, 'E']]);
    expect(band.estimated).toBe(1);
    expect(traceText({ trace: { channel: 7, channel_name: 'import', device: 1, unit: 'Wh', from: null, to: null, intervals: 2, sum: '11', netted: '0' } })).toBe('2 intervals of import, 11 Wh');
    expect(traceText({ trace: null })).toBe('not made of intervals');
  });
});
