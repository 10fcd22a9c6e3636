import { describe, expect, it } from 'vitest';
import { cellWidth, glow, missing, mix, palette, rgb, shade, sum, type Cell } from '$lib/heat';

describe('the completeness scale', () => {
  const scale = palette('#f6f7f8', '#a04a00');

  it('makes full invisible and nothing else', () => {
    expect(shade(scale, 0)).toBe('rgb(246 247 248)');
    expect(shade(scale, 0.0001)).not.toBe(shade(scale, 0));
    expect(shade(scale, 1)).toBe('rgb(160 74 0)');
  });

  it('glows more the more is missing', () => {
    const shares = [0, 0.001, 0.01, 0.1, 0.3, 0.6, 1];
    for (let i = 1; i < shares.length; i++) expect(glow(shares[i]!)).toBeGreaterThan(glow(shares[i - 1]!));
    expect(glow(1)).toBeCloseTo(1);
  });

  it('tells nothing expected from nothing missing', () => {
    expect(missing([0, 0])).toBeNull();
    expect(missing(undefined)).toBeNull();
    expect(missing([4, 4])).toBe(0);
    expect(missing([5, 4])).toBe(0);
    expect(missing([1, 4])).toBe(0.75);
  });

  it('mixes in plain rgb', () => {
    expect(rgb('#1d2126')).toEqual([29, 33, 38]);
    expect(mix([0, 0, 0], [255, 100, 0], 0.5)).toBe('rgb(128 50 0)');
  });

  it('never draws a cell under 8 px', () => {
    expect(cellWidth(300, 720)).toBe(8);
    expect(cellWidth(1000, 72)).toBe(13);
    expect(cellWidth(1000, 3)).toBe(48);
    expect(cellWidth(1000, 0)).toBe(48);
  });

  it('sums a group and names its worst column', () => {
    const cells: Cell[] = [[4, 4], [4, 4], [4, 4], [3, 4], [0, 4], [0, 0]];
    expect(sum(cells, 3, 1)).toEqual({ index: 1, received: 3, expected: 8, short: 2, worst: 1 });
    expect(sum(cells, 3, 0).worst).toBeNull();
  });
});
