import { describe, expect, it } from 'vitest';
import { changed, closed, copied, decimal, flat, impact, linear, scaled, selectionOf, typed, type Draft, type Slot } from '$lib/draft';

const none: Draft = new Map();
const slots = (...finals: (number | null)[]): Slot[] => finals.map((final, i) => ({ time: (i + 1) * 900, raw: final, final, code: final === null ? 'N' : 'A', version: 1, flags: '' }));
const values = (result: ReturnType<typeof linear>) => ('wrong' in result ? result.wrong : [...result.draft.values()]);
const middle = { from: 900, to: 3600 };

describe('a draft of values', () => {
  it('counts in whole numbers of the channel and prints them exactly', () => {
    expect([scaled(0.1 + 0.2, -3), scaled(236.4, -1), scaled(null, 0)]).toEqual([300, 2364, null]);
    expect([decimal(300, -3), decimal(-5, -1), decimal(7, 0), decimal(12, 2)]).toEqual(['0.300', '-0.5', '7', '1200']);
  });

  it('takes what is typed exactly, and says what it cannot hold', () => {
    expect(typed('1 234,5', -1)).toEqual({ value: 12_345 });
    expect(typed('−0.50', -1)).toEqual({ value: -5 });
    expect(typed('0.25', -1)).toEqual({ wrong: 'this channel has 1 decimal' });
    expect(typed('1.5', 0)).toEqual({ wrong: 'this channel has no decimals' });
    expect(typed('150', 2)).toEqual({ wrong: 'this channel counts by 100' });
    for (const text of ['', 'a', '1e3', '--1', '1.2.3']) expect(typed(text, 0)).toHaveProperty('wrong');
  });

  it('draws a line between the neighbours, and not beyond the day', () => {
    expect(values(linear(slots(10, null, null, null, 50), none, middle))).toEqual([10 + 10, 30, 40]);
    expect(linear(slots(null, null), none, { from: 0, to: 900 })).toHaveProperty('wrong');
    expect(linear(slots(1, null), none, { from: 900, to: 1800 })).toHaveProperty('wrong');
    expect(linear(slots(1, 2), none, { from: 9000, to: 9900 })).toHaveProperty('wrong');
    // From what is proposed already, not from what it replaces.
    expect(values(linear(slots(10, null, 50), new Map([[900, 30]]), { from: 900, to: 1800 }))).toEqual([30, 40]);
  });

  it('copies another day by its clock, also where an hour comes twice', () => {
    const clock = (at: number) => String(at % 3600);
    const day = slots(1, 2, 3, 4, 5, 6, 7, 8); // the clock of this zone goes round every hour
    expect(values(copied(slots(0, 0, 0, 0), none, middle, day, clock))).toEqual([2, 3, 4]);
    expect(values(copied(slots(0, 0, 0, 0, 0, 0, 0, 0), none, { from: 3600, to: 5400 }, day, clock))).toEqual([5, 6]);
    expect(copied(slots(0, 0, 0, 0), none, middle, slots(1, 2, null, null), clock)).toMatchObject({ note: expect.stringContaining('2 of them') });
    expect(copied(slots(0, 0), none, { from: 0, to: 1800 }, slots(null, null), clock)).toHaveProperty('wrong');
  });

  it('closes on the register exactly', () => {
    const result = closed(slots(10, 1, 1, 1, 20), none, middle, 130);
    expect(values(result)).toEqual([34, 33, 33]);
    expect(impact(slots(10, 1, 1, 1, 20), 'draft' in result ? result.draft : none, 130)).toEqual({ values: 3, before: 33, after: 130, open: 0, differs: 0 });
    expect(values(closed(slots(10, null, null, null), none, middle, 16))).toEqual([2, 2, 2]);
    expect(values(closed(slots(10, 5, 5, 5), none, middle, 10))).toEqual([0, 0, 0]);
    for (const advance of [null, 9]) expect(closed(slots(10, 1, 1, 1), none, middle, advance)).toHaveProperty('wrong');
    expect(closed(slots(null, 1, 1, 1), none, middle, 90)).toHaveProperty('wrong');
  });

  it('says what it would change and nothing else', () => {
    const draft: Draft = new Map([[900, 1], [1800, 9]]);
    expect(changed(slots(1, 2, 3), draft).map(([slot, v]) => [slot.time, v])).toEqual([[1800, 9]]);
    expect(impact(slots(1, 2, null), draft, 12)).toEqual({ values: 1, before: 3, after: 10, open: 1, differs: null });
    expect(values(flat(slots(1, 2, 3, 4), none, middle, 7))).toEqual([7, 7, 7]);
  });

  it('chooses every interval a drag touches', () => {
    expect(selectionOf(slots(1, 2, 3, 4), 950, 2750, 900)).toEqual({ from: 900, to: 3600 });
    expect(selectionOf(slots(1, 2, 3, 4), 900, 1800, 900)).toEqual({ from: 900, to: 1800 });
    expect(selectionOf(slots(1), 9000, 9900, 900)).toBeNull();
  });
});
