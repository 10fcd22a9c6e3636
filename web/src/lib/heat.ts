// The completeness scale: from panel to p2, so that full is invisible and missing glows.

export type Cell = readonly [received: number, expected: number];
export type Rgb = readonly [number, number, number];

/** Share missing 0..1, or null where nothing was expected. */
export function missing(cell: Cell | undefined): number | null {
  if (!cell || cell[1] <= 0) return null;
  return Math.min(1, Math.max(0, 1 - cell[0] / cell[1]));
}

/** How strongly a missing share glows: nothing at none, visible at one reading, square root so that little is seen. */
export function glow(share: number): number {
  return share <= 0 ? 0 : 0.18 + 0.82 * Math.sqrt(share);
}

export function rgb(hex: string): Rgb {
  const n = parseInt(hex.trim().slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

export function mix(a: Rgb, b: Rgb, t: number): string {
  const at = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * t);
  return `rgb(${at(0)} ${at(1)} ${at(2)})`;
}

/** 33 steps of the scale, ready to fill with. */
export function palette(panel: string, p2: string): string[] {
  const a = rgb(panel), b = rgb(p2);
  return Array.from({ length: 33 }, (_, i) => mix(a, b, i / 32));
}

export function shade(colours: string[], share: number): string {
  return colours[Math.round(glow(share) * (colours.length - 1))]!;
}

/** Cells as wide as fit, whole pixels, never under 8. */
export function cellWidth(room: number, columns: number): number {
  return Math.max(8, Math.min(48, Math.floor(room / Math.max(1, columns))));
}

export interface GroupSum { index: number; received: number; expected: number; short: number; worst: number | null }

/** What a group lacks over all its columns; `worst` is the column that lacks most. */
export function sum(cells: readonly Cell[], columns: number, index: number): GroupSum {
  const out: GroupSum = { index, received: 0, expected: 0, short: 0, worst: null };
  let most = 0;
  for (let c = 0; c < columns; c++) {
    const cell = cells[index * columns + c];
    if (!cell) continue;
    out.received += cell[0];
    out.expected += cell[1];
    const lack = cell[1] - cell[0];
    if (lack > 0) out.short++;
    if (lack > most) { most = lack; out.worst = c; }
  }
  return out;
}
