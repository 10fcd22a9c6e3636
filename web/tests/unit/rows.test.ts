import { describe, expect, it } from 'vitest';
import { scrolledTo, slots, windowOf } from '$lib/rows';

describe('rows in view', () => {
  it('covers what is seen, at any place of 100,000 rows', () => {
    for (let top = 0; top < 100_000 * 32; top += 77_777) {
      const w = windowOf(top, 700, 32, 100_000), shown = new Set(slots(w));
      expect(shown.size).toBe(w.pool);
      expect(w.pool).toBeLessThan(60);
      for (let row = Math.floor(top / 32); row < Math.min(100_000, (top + 700) / 32); row++) expect(shown.has(row)).toBe(true);
    }
  });

  it('keeps the element of a row that stays', () => {
    const a = slots(windowOf(3200, 700, 32, 1000)), b = slots(windowOf(3200 + 96, 700, 32, 1000));
    expect(a.filter((row, slot) => b[slot] === row).length).toBe(a.length - 3);
  });

  it('shows few rows and none', () => {
    expect(slots(windowOf(0, 700, 32, 3))).toEqual([0, 1, 2]);
    expect(slots(windowOf(500, 700, 32, 0))).toEqual([]);
  });

  it('scrolls no more than needed', () => {
    expect(scrolledTo(5, 320, 700, 32)).toBe(160);
    expect(scrolledTo(20, 320, 700, 32)).toBe(320);
    expect(scrolledTo(40, 320, 700, 32)).toBe(41 * 32 - 700);
  });
});
