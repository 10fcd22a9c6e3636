import { describe, expect, it } from 'vitest';
import { brief, count, duration, number, percent, rate } from '$lib/format';

const thin = (text: string) => text.replaceAll(' ', '\u202f');

describe('numbers', () => {
  it('separates thousands by a thin space from five digits on', () => {
    expect(number(100_000)).toBe(thin('100 000'));
    expect(number(1843)).toBe('1843');
    expect(number(-1_234_567.5, 1)).toBe(`−${thin('1 234 567.5')}`);
  });

  it('shows as many digits as the meter has', () => {
    expect(number(230, 1)).toBe('230.0');
    expect(number(0.1 + 0.2, 3)).toBe('0.300');
    expect(number(-0.0001, 2)).toBe('0.00');
    expect(number(null)).toBe('–');
  });

  it('never rounds a share up to full', () => {
    expect(percent(0.99999)).toBe('99.9');
    expect(percent(1)).toBe('100');
    expect(percent(0.5)).toBe('50.0');
    expect(percent(null)).toBe('–');
  });

  it('says durations in words', () => {
    expect([4, 185, 7300, 260_000].map(duration)).toEqual(['4 s', '3 min', '2 h', '3 d']);
    expect(count(1, 'meter')).toBe('1 meter');
    expect(brief(0.4)).toBe('0.40');
  });

  it('says rates below one in a longer unit of time, never as 0', () => {
    expect(rate(0)).toEqual({ value: '0', per: 's' });
    expect(rate(93.4)).toEqual({ value: '93.4', per: 's' });
    expect(rate(0.4)).toEqual({ value: '24', per: 'min' });
    expect(rate(1 / 60)).toEqual({ value: '1', per: 'min' });
    expect(rate(0.004)).toEqual({ value: '14.4', per: 'h' });
  });
});
